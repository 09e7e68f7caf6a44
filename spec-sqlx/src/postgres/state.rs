//! States without their description, which is constant and may be longer than all the rest.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use spec_core::Spec;
use spec_core::store::StoreError;

use crate::row::{from_json, to_json};

const STATE: &str = "the state of a spec";

/// The part of a spec's whole state that is stored.
pub(super) fn without_description(whole: &str) -> Result<String, StoreError> {
    let mut fields: BTreeMap<&str, &RawValue> = from_json(STATE, whole)?;
    fields.remove("description");
    to_json(STATE, &fields)
}

/// The spec of a stored state and its description.
pub(super) fn described(state: &str, description: &str) -> Result<Spec, StoreError> {
    let description = to_json("the description of a spec", description)?;
    // Whatever does not begin as an object is refused with the rest of what makes no sense.
    let rest = state.strip_prefix('{').unwrap_or(state);
    from_json(STATE, &format!("{{\"description\":{description},{rest}"))
}

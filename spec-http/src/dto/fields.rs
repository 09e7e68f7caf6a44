//! Fields of bodies: all that are wrong are told at once.

use serde::de::DeserializeOwned;
use serde_json::Value;
use spec_core::InvalidInput;

use crate::problem::FieldError;

/// The checked field; `None` when it is absent or wrong, which `errors` then tells.
pub(super) fn required<T>(
    field: &'static str,
    text: Option<String>,
    check: impl FnOnce(String) -> Result<T, InvalidInput>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    let missing = || InvalidInput::new(field, "is required");
    checked(text.ok_or_else(missing).and_then(check), errors)
}

pub(super) fn checked<T>(
    result: Result<T, InvalidInput>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    result
        .map_err(|error| {
            errors.push(FieldError {
                field: error.field().to_owned(),
                detail: error.reason().to_owned(),
            });
        })
        .ok()
}

/// What `value`, which stands at `place` in a body, says; or the field in it that is wrong.
pub(super) fn read<T: DeserializeOwned>(place: &str, value: Value) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let detail = error.into_inner().to_string();
        let name = path.rsplit('.').next().unwrap_or_default();
        // Some types name their field themselves.
        let named = detail
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(": "));
        FieldError {
            detail: named.unwrap_or(&detail).to_owned(),
            field: if path == "." {
                place.to_owned()
            } else {
                format!("{place}.{path}")
            },
        }
    })
}

//! What models hand over.

use serde_json::{Value, json};
use spec_core::Phase;
use spec_core::testing::fixture;
use spec_tests::model::{Dialect, Request};

/// As a model does that is held to a schema: a value for every member, and entries for a map.
fn held_to(schema: &Value, value: &Value) -> Value {
    match (value, schema.get("properties"), schema.get("items")) {
        (Value::Object(members), Some(Value::Object(named)), _) => {
            let unknown = members
                .iter()
                .filter(|(name, _)| !named.contains_key(*name));
            let held = named.iter().map(|(name, schema)| {
                let value = members.get(name).unwrap_or(&Value::Null);
                (name.clone(), held_to(schema, value))
            });
            // Of what it does not know a script may want to see what becomes.
            held.chain(unknown.map(|(name, value)| (name.clone(), value.clone())))
                .collect()
        }
        (Value::Object(members), None, Some(entry)) => members
            .iter()
            .map(|(key, value)| held_to(entry, &json!({ "key": key, "value": value })))
            .collect(),
        (Value::Array(items), _, Some(item)) => {
            items.iter().map(|value| held_to(item, value)).collect()
        }
        _ => value.clone(),
    }
}

/// A result in the form in which the program asks for it.
pub(super) fn encoded(request: &Request, result: &Value) -> Value {
    match (request.dialect, &request.schema) {
        (Dialect::OpenAiResponses, Some(schema)) => held_to(schema, result),
        _ => result.clone(),
    }
}

/// A result of EXPLORE that does not satisfy the schema.
pub(crate) fn useless() -> Value {
    json!({ "summary": "All good." })
}

/// What [`unfounded`] says that it has seen.
pub(crate) const NEVER_SEEN: &str = "fn no_such_function_4712() {";

/// A result of EXPLORE that satisfies the schema, with evidence that is not in the repository.
pub(crate) fn unfounded() -> Value {
    let mut result = fixture::output_json(Phase::Explore);
    result["key_files"][0]["evidence"][0]["excerpt"] = NEVER_SEEN.into();
    result
}

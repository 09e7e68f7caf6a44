//! Names schemas and values in the words of a message.

use serde_json::{Map, Value};

use crate::finding::shown;
use crate::text::count;

/// What a schema asks for, for example "an array of strings".
pub(super) fn describe_schema(rules: &Map<String, Value>) -> String {
    match rules.get("type") {
        Some(Value::Array(names)) => {
            let names: Vec<_> = names.iter().filter_map(Value::as_str).map(one).collect();
            names.join(" or ")
        }
        Some(Value::String(name)) if name == "array" => {
            match rules
                .get("items")
                .and_then(Value::as_object)
                .and_then(plural)
            {
                Some(items) => format!("an array of {items}"),
                None => "an array".to_owned(),
            }
        }
        Some(Value::String(name)) => one(name).to_owned(),
        Some(_) | None => match super::choices(rules) {
            Some(values) => format!("one of {}", list(&values)),
            None => "another value".to_owned(),
        },
    }
}

fn one(name: &str) -> &str {
    match name {
        "null" => "null",
        "boolean" => "true or false",
        "number" => "a number",
        "integer" => "a whole number",
        "string" => "a string",
        "array" => "an array",
        "object" => "an object",
        other => other,
    }
}

fn plural(rules: &Map<String, Value>) -> Option<&'static str> {
    match rules.get("type").and_then(Value::as_str)? {
        "string" => Some("strings"),
        "object" => Some("objects"),
        "number" => Some("numbers"),
        "integer" => Some("whole numbers"),
        "array" => Some("arrays"),
        _ => None,
    }
}

/// What was found, for example "the number 3".
pub(in crate::check) fn describe_value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.is_empty() => "an empty string".to_owned(),
        Value::String(text) => format!("the string \"{}\"", shown(text, 40)),
        Value::Array(items) => format!("an array of {}", count(items.len(), "item")),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Values one after the other, as JSON.
pub(super) fn list(values: &[&Value]) -> String {
    let values: Vec<_> = values.iter().map(ToString::to_string).collect();
    values.join(", ")
}

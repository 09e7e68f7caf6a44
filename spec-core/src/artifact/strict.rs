//! The schemas in the subset of JSON Schema that model providers can hold a model to.
//!
//! The subset knows no optional members and no maps: every member is required, those that may be left
//! out may be null, and a map is a list of entries. Of the constraints on values only `enum` is in the
//! subset of every provider, so the others are left to the host's own check; patterns are told in the
//! description.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::{is_required, one_of, schema};
use crate::phase::Phase;

/// The schema of `phase` in the strict subset.
#[must_use]
pub fn strict_schema(phase: Phase) -> &'static Value {
    static SCHEMAS: LazyLock<[Value; 5]> =
        LazyLock::new(|| Phase::ALL.map(|phase| strict(schema(phase), true)));
    one_of(&SCHEMAS, phase)
}

/// `document` in the form of [`schema`], if it is in that of [`strict_schema`]. What is in neither
/// form stays as it is, for the check to find.
#[must_use]
pub fn from_strict(phase: Phase, document: Value) -> Value {
    relaxed(schema(phase), document)
}

/// The schema of a map's values.
fn map_values(node: &Value) -> Option<&Value> {
    let patterns = node.get("patternProperties").and_then(Value::as_object);
    patterns
        .and_then(|patterns| patterns.values().next())
        .or_else(|| node.get("additionalProperties"))
        .filter(|values| values.is_object() && node.get("properties").is_none())
}

fn strict(node: &Value, required: bool) -> Value {
    let mut strict = Map::new();
    let mut description: Vec<String> = Vec::new();
    let told = node.get("description").and_then(Value::as_str);
    description.extend(told.map(str::to_owned));
    if let Some(pattern) = node.get("pattern").and_then(Value::as_str) {
        description.push(format!("Matches `{pattern}`."));
    }
    let mut kinds = match node.get("type") {
        Some(Value::Array(kinds)) => kinds.clone(),
        Some(kind) => vec![kind.clone()],
        None => vec![json!("string")],
    };
    if let Some(values) = map_values(node) {
        kinds = vec![json!("array")];
        let entry = json!({
            "type": "object",
            "properties": { "key": { "type": "string" }, "value": self::strict(values, true) },
            "required": ["key", "value"],
            "additionalProperties": false,
        });
        strict.insert("items".to_owned(), entry);
    } else if let Some(Value::Object(members)) = node.get("properties") {
        let members: Map<String, Value> = members
            .iter()
            .map(|(name, member)| (name.clone(), self::strict(member, is_required(node, name))))
            .collect();
        let names: Vec<Value> = members.keys().map(|name| json!(name)).collect();
        strict.insert("properties".to_owned(), Value::Object(members));
        strict.insert("required".to_owned(), Value::Array(names));
        strict.insert("additionalProperties".to_owned(), json!(false));
    } else if let Some(items) = node.get("items") {
        strict.insert("items".to_owned(), self::strict(items, true));
    } else if let Some(Value::Array(choices)) = node.get("oneOf") {
        let mut values = Vec::new();
        for choice in choices {
            let Some(value) = choice.get("const") else {
                continue;
            };
            if let Some(meaning) = choice.get("description").and_then(Value::as_str) {
                description.push(format!("{}: {meaning}", value.as_str().unwrap_or_default()));
            }
            values.push(value.clone());
        }
        if !required {
            values.push(Value::Null);
        }
        strict.insert("enum".to_owned(), Value::Array(values));
    }
    if !required && !kinds.contains(&json!("null")) {
        kinds.push(json!("null"));
    }
    let kind = match <[Value; 1]>::try_from(kinds) {
        Ok([only]) => only,
        Err(several) => Value::Array(several),
    };
    strict.insert("type".to_owned(), kind);
    if !description.is_empty() {
        strict.insert("description".to_owned(), json!(description.join(" ")));
    }
    Value::Object(strict)
}

fn allows_null(node: &Value) -> bool {
    match node.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "null"),
        Some(_) | None => false,
    }
}

/// Goes only where the schema leads, so its depth is the schema's and not the document's.
fn relaxed(node: &Value, value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let known = node.get("properties");
            let members = members.into_iter().filter_map(|(name, member)| {
                let Some(schema) = known.and_then(|known| known.get(&name)) else {
                    return Some((name, member));
                };
                if member.is_null() && !is_required(node, &name) && !allows_null(schema) {
                    return None;
                }
                Some((name, relaxed(schema, member)))
            });
            Value::Object(members.collect())
        }
        Value::Array(items) => {
            if let Some(values) = map_values(node) {
                return from_entries(values, items);
            }
            match node.get("items") {
                Some(schema) => items
                    .into_iter()
                    .map(|item| relaxed(schema, item))
                    .collect(),
                None => Value::Array(items),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// A map from its entries. As in JSON itself, the last of several with one key counts.
fn from_entries(values: &Value, items: Vec<Value>) -> Value {
    let entry = |item: &Value| {
        let key = item.get("key")?.as_str()?.to_owned();
        Some((key, relaxed(values, item.get("value")?.clone())))
    };
    match items.iter().map(entry).collect::<Option<Map<_, _>>>() {
        Some(members) => Value::Object(members),
        None => Value::Array(items),
    }
}

#[cfg(test)]
mod tests;

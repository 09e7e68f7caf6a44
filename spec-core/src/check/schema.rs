//! Checks a document against the JSON Schemas of this crate, and reports every place where it fails.
//!
//! Knows the keywords that [`artifact::schema`](crate::artifact::schema) emits and no others; a test
//! walks the schemas. `pattern` is left to the structural rules, which name the id that is wrong.
//! Stricter than the standard in one thing: `1.0` and numbers beyond the format's range are no
//! integers, because the typed output could not be read from them.

use serde_json::{Map, Value};

use crate::finding::{Finding, Findings, child, shown};

mod describe;

pub(super) use describe::describe_value;
use describe::{describe_schema, list};

use crate::text::count;

/// Adds a finding for every place where `value` does not satisfy `schema`.
///
/// Goes only where the schema leads, so its depth is the schema's and not the document's.
pub(super) fn validate(schema: &Value, value: &Value, findings: &mut Findings) {
    node(schema, value, "", findings);
}

fn node(schema: &Value, value: &Value, at: &str, findings: &mut Findings) {
    let rules = match schema {
        Value::Object(rules) => rules,
        Value::Bool(false) => {
            findings.push(Finding::error(
                "schema.forbidden",
                at,
                "nothing is allowed here",
            ));
            return;
        }
        Value::Null | Value::Bool(true) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return;
        }
    };
    let found = || describe_value(value);
    if let Some(allowed) = choices(rules) {
        if !allowed.contains(&value) {
            let message = format!("must be one of {}; found {}", list(&allowed), found());
            findings.push(Finding::error("schema.enum", at, message));
        }
        return;
    }
    if !has_type(rules, value) {
        let message = format!("expected {}, found {}", describe_schema(rules), found());
        findings.push(Finding::error("schema.type", at, message));
        return;
    }
    combined(rules, value, at, findings);
    match value {
        Value::Object(members) => object(rules, members, at, findings),
        Value::Array(items) => {
            let least = least(rules, "minItems");
            if items.len() < least {
                let message = format!("needs at least {}", count(least, "item"));
                findings.push(Finding::error("schema.min_items", at, message));
            }
            if let Some(schema) = rules.get("items") {
                for (index, item) in items.iter().enumerate() {
                    node(schema, item, &format!("{at}/{index}"), findings);
                }
            }
        }
        Value::String(text) => {
            let least = least(rules, "minLength");
            if text.chars().count() < least {
                let message = match least {
                    1 => "must not be empty".to_owned(),
                    _ => format!("needs at least {}", count(least, "character")),
                };
                findings.push(Finding::error("schema.min_length", at, message));
            }
        }
        Value::Number(number) => {
            let value = number.as_f64().unwrap_or(f64::NAN);
            let limit = |keyword: &str| rules.get(keyword).and_then(Value::as_f64);
            if let Some(least) = limit("minimum").filter(|least| value < *least) {
                let message = format!("must be at least {least}; found {number}");
                findings.push(Finding::error("schema.minimum", at, message));
            }
            if let Some(most) = limit("maximum").filter(|most| value > *most) {
                let message = format!("must be at most {most}; found {number}");
                findings.push(Finding::error("schema.maximum", at, message));
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// The values among which one must be chosen: `const`, `enum`, or a `oneOf`/`anyOf` of such.
fn choices(rules: &Map<String, Value>) -> Option<Vec<&Value>> {
    if let Some(value) = rules.get("const") {
        return Some(vec![value]);
    }
    if let Some(Value::Array(values)) = rules.get("enum") {
        return Some(values.iter().collect());
    }
    let Some(Value::Array(branches)) = rules.get("oneOf").or_else(|| rules.get("anyOf")) else {
        return None;
    };
    let mut values = Vec::new();
    for branch in branches {
        values.extend(choices(branch.as_object()?)?);
    }
    Some(values)
}

/// The least length that a keyword demands.
fn least(rules: &Map<String, Value>, keyword: &str) -> usize {
    let least = rules.get(keyword).and_then(Value::as_u64).unwrap_or(0);
    usize::try_from(least).unwrap_or(usize::MAX)
}

fn has_type(rules: &Map<String, Value>, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("number") => value.is_number(),
        Some("integer") => is_integer(rules, value),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some(_) | None => true,
    };
    match rules.get("type") {
        None => true,
        Some(Value::Array(names)) => names.iter().any(is),
        Some(name) => is(name),
    }
}

fn is_integer(rules: &Map<String, Value>, value: &Value) -> bool {
    match rules.get("format").and_then(Value::as_str) {
        // Negative numbers are left to `minimum`, whose message says more.
        Some("uint32") => {
            value.as_u64().is_some_and(|n| u32::try_from(n).is_ok())
                || value.as_i64() < Some(0) && value.is_i64()
        }
        Some(_) | None => value.is_i64() || value.is_u64(),
    }
}

/// `oneOf` and `anyOf` that are no plain choice of values.
fn combined(rules: &Map<String, Value>, value: &Value, at: &str, findings: &mut Findings) {
    for (keyword, exactly_one) in [("oneOf", true), ("anyOf", false)] {
        let Some(Value::Array(branches)) = rules.get(keyword) else {
            continue;
        };
        let mut matching = 0;
        let mut closest = None;
        for branch in branches {
            let mut own = Findings::default();
            node(branch, value, at, &mut own);
            let own = own.into_sorted();
            if own
                .iter()
                .all(|finding| finding.severity != super::Severity::Error)
            {
                matching += 1;
            } else if own.iter().all(|finding| finding.pointer != at) {
                // Right in kind and wrong inside: the alternative that was meant.
                closest = Some(own);
            }
        }
        match (matching, closest) {
            (0, Some(inside)) => inside
                .into_iter()
                .for_each(|finding| findings.push(finding)),
            (0, None) => {
                let message = format!(
                    "fits none of the alternatives; found {}",
                    describe_value(value)
                );
                findings.push(Finding::error("schema.any_of", at, message));
            }
            (2.., _) if exactly_one => {
                let message = format!("fits {matching} alternatives; exactly one must fit");
                findings.push(Finding::error("schema.one_of", at, message));
            }
            _ => {}
        }
    }
}

fn object(
    rules: &Map<String, Value>,
    members: &Map<String, Value>,
    at: &str,
    findings: &mut Findings,
) {
    let none = Map::new();
    let named = rules
        .get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&none);
    if let Some(Value::Array(required)) = rules.get("required") {
        for name in required.iter().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                let expected = match named.get(name).and_then(Value::as_object) {
                    Some(rules) => describe_schema(rules),
                    None => "a value".to_owned(),
                };
                let message = format!("`{name}` is missing; expected {expected}");
                findings.push(Finding::error("schema.required", at, message));
            }
        }
    }
    // Schemas of this crate have patterns only for maps keyed by ids; keys are checked as ids are.
    let by_pattern = rules
        .get("patternProperties")
        .and_then(Value::as_object)
        .and_then(|patterns| patterns.values().next());
    let others = by_pattern.or_else(|| rules.get("additionalProperties"));
    for (name, member) in members {
        let at = || child(at, name);
        match (named.get(name), others) {
            (None, Some(Value::Bool(false))) => {
                let message = format!("`{}` is not a field here", shown(name, 60));
                findings.push(Finding::error("schema.additional", at(), message));
            }
            (Some(schema), _) | (None, Some(schema)) => {
                node(schema, member, &at(), findings);
            }
            (None, None) => {
                let message = format!("`{}` is not a field here and is not read", shown(name, 60));
                findings.push(Finding::warning("schema.unknown", at(), message));
            }
        }
    }
}

#[cfg(test)]
mod tests;

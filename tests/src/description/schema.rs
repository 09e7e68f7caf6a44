//! Schemas of both dialects as schemas of JSON Schema 2020-12, closed against what they do not name.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail, ensure};
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// Keywords that mean the same in JSON Schema and hold no schema.
const KEPT: &[&str] = &[
    "enum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "required",
    "type",
    "uniqueItems",
];

/// Keywords that forbid nothing.
const NOTES: &[&str] = &[
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "externalDocs",
    "readOnly",
    "title",
    "writeOnly",
    "xml",
];

const COMPOSED: &[&str] = &["allOf", "anyOf", "oneOf"];

/// More references of references than an honest description has: a cycle.
const LONGEST_CHAIN: usize = 32;

/// The schemas that a document names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schemas<'document> {
    document: &'document Value,
    /// How references to them begin.
    prefix: &'static str,
}

/// Whether an object may have properties that its schema does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rest {
    Refused,
    /// Only for the parts of a composition: what none of them names is refused by the whole.
    LeftToTheWhole,
}

impl<'document> Schemas<'document> {
    pub(super) fn new(document: &'document Value, prefix: &'static str) -> Self {
        Self { document, prefix }
    }

    /// What a reference of the document points at, through any number of references; or the value
    /// itself.
    pub(super) fn resolve(&self, mut value: &'document Value) -> anyhow::Result<&'document Value> {
        for _ in 0..LONGEST_CHAIN {
            let Some(reference) = value.get("$ref") else {
                return Ok(value);
            };
            let pointer = reference
                .as_str()
                .and_then(|reference| reference.strip_prefix('#'))
                .with_context(|| format!("{reference} points out of the document"))?;
            value = self
                .document
                .pointer(pointer)
                .with_context(|| format!("nothing is at {reference}"))?;
        }
        bail!("references of references without end")
    }

    /// Judge of a value, and of nothing that the schema does not name.
    pub(super) fn validator(&self, schema: &'document Value) -> anyhow::Result<Validator> {
        let mut named = BTreeSet::new();
        let mut strict = self.strict(schema, Rest::Refused, &mut named)?;
        let mut definitions = Map::new();
        while let Some((name, rest)) = named.pop_first() {
            let key = definition(&name, rest);
            if definitions.contains_key(&key) {
                continue;
            }
            let reference = format!("{}{name}", self.prefix);
            let target = self
                .document
                .pointer(reference.trim_start_matches('#'))
                .with_context(|| format!("nothing is at {reference}"))?;
            let target = self.strict(target, rest, &mut named)?;
            definitions.insert(key, target);
        }
        if let Some(strict) = strict.as_object_mut() {
            strict.insert("$defs".to_owned(), definitions.into());
        }
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&strict)
            .map_err(|error| anyhow::anyhow!("{error} in {schema}"))
    }

    fn strict(
        &self,
        schema: &'document Value,
        rest: Rest,
        named: &mut BTreeSet<(String, Rest)>,
    ) -> anyhow::Result<Value> {
        let Some(source) = schema.as_object() else {
            ensure!(schema.is_boolean(), "not a schema: {schema}");
            return Ok(schema.clone());
        };
        if let Some(reference) = source.get("$ref") {
            // What stands beside a reference is ignored in both dialects.
            let name = reference
                .as_str()
                .and_then(|reference| reference.strip_prefix(self.prefix))
                .with_context(|| format!("{reference} is not below {}", self.prefix))?;
            named.insert((name.to_owned(), rest));
            return Ok(json!({ "$ref": format!("#/$defs/{}", definition(name, rest)) }));
        }

        let composed = COMPOSED.iter().any(|keyword| source.contains_key(*keyword));
        // Alternatives that stand alone are closed one by one: `oneOf` counts on it.
        let alone = composed && !source.contains_key("allOf") && !source.contains_key("properties");
        let of_parts = if alone { rest } else { Rest::LeftToTheWhole };
        let mut strict = Map::new();
        for (keyword, value) in source {
            match keyword.as_str() {
                "allOf" | "anyOf" | "oneOf" => {
                    let parts = value.as_array().context("a list of schemas")?;
                    let parts: Vec<_> = parts
                        .iter()
                        .map(|part| self.strict(part, of_parts, named))
                        .collect::<anyhow::Result<_>>()?;
                    strict.insert(keyword.clone(), parts.into());
                }
                "properties" => {
                    let properties = value.as_object().context("an object of properties")?;
                    let properties: Map<_, _> = properties
                        .iter()
                        .map(|(name, property)| {
                            let property = self.strict(property, Rest::Refused, named)?;
                            Ok((name.clone(), property))
                        })
                        .collect::<anyhow::Result<_>>()?;
                    strict.insert(keyword.clone(), properties.into());
                }
                "additionalProperties" | "items" | "not" => {
                    let value = self.strict(value, Rest::Refused, named)?;
                    strict.insert(keyword.clone(), value);
                }
                // Bounds of their own in JSON Schema; here they say how to read the bound beside.
                "exclusiveMaximum" | "exclusiveMinimum" => {}
                kept if KEPT.contains(&kept) => {
                    strict.insert(keyword.clone(), value.clone());
                }
                "nullable" => {}
                note if NOTES.contains(&note) || note.starts_with("x-") => {}
                unknown => bail!("the keyword `{unknown}` is not known: {schema}"),
            }
        }
        exclude(source, &mut strict, "minimum", "exclusiveMinimum");
        exclude(source, &mut strict, "maximum", "exclusiveMaximum");
        if !source.contains_key("additionalProperties") {
            close(&mut strict, rest, composed && !alone);
        }
        let nullable = ["nullable", "x-nullable"]
            .iter()
            .any(|keyword| source.get(*keyword) == Some(&Value::Bool(true)));
        Ok(if nullable {
            or_null(strict)
        } else {
            strict.into()
        })
    }
}

/// A named schema is there twice when it is used as a whole and as a part.
fn definition(name: &str, rest: Rest) -> String {
    match rest {
        Rest::Refused => name.to_owned(),
        Rest::LeftToTheWhole => format!("{name}:part"),
    }
}

/// `exclusiveMinimum: true` beside `minimum: 3` is `exclusiveMinimum: 3`.
fn exclude(
    source: &Map<String, Value>,
    strict: &mut Map<String, Value>,
    bound: &str,
    exclusive: &str,
) {
    if source.get(exclusive) == Some(&Value::Bool(true))
        && let Some(value) = strict.remove(bound)
    {
        strict.insert(exclusive.to_owned(), value);
    }
}

/// Refuses what is not named. An object of which nothing is named is free in what it holds.
fn close(strict: &mut Map<String, Value>, rest: Rest, whole: bool) {
    if whole {
        if rest == Rest::Refused {
            strict.insert("unevaluatedProperties".to_owned(), false.into());
        }
    } else if strict.contains_key("properties") {
        if rest == Rest::Refused {
            strict.insert("additionalProperties".to_owned(), false.into());
        }
    } else if strict.get("type") == Some(&json!("object")) {
        strict.insert("additionalProperties".to_owned(), true.into());
    }
}

/// With a type of its own the schema stays as it is, and so do the messages of its errors.
fn or_null(mut strict: Map<String, Value>) -> Value {
    let Some(name) = strict.get("type").filter(|name| name.is_string()).cloned() else {
        return json!({ "anyOf": [strict, { "type": "null" }] });
    };
    strict.insert("type".to_owned(), json!([name, "null"]));
    if let Some(values) = strict.get_mut("enum").and_then(Value::as_array_mut) {
        values.push(Value::Null);
    }
    strict.into()
}

//! The schemas to which a document refers.
//!
//! A type may look different in an answer, where every field is there, and in a request, where some may
//! be left out. Then the form for requests has a name of its own, which ends in `Input`.

use std::cell::Cell;
use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};
use spec_core::artifact::{
    DesignOutput, ExploreOutput, RequirementsOutput, SyncOutput, TasksOutput,
};

use crate::routes::MakeSchema;

const COMPONENTS: &str = "#/components/schemas/";
/// Where requests refer to, until it is known which of their schemas differ from those of answers.
const REQUESTS: &str = "#/requests/";

/// Gathers schemas while a document is made.
pub(super) struct Schemas {
    answers: SchemaGenerator,
    requests: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
        let at = |place: &str| {
            let place = place.trim_start_matches('#').trim_end_matches('/');
            let place = place.to_owned().into();
            settings.clone().with(|it| it.definitions_path = place)
        };
        let mut schemas = Self {
            answers: at(COMPONENTS).for_serialize().into_generator(),
            requests: at(REQUESTS).for_deserialize().into_generator(),
        };
        // What the content of an artifact is, by phase: clients choose by the phase they asked for.
        for output in [
            SchemaGenerator::subschema_for::<ExploreOutput>,
            SchemaGenerator::subschema_for::<RequirementsOutput>,
            SchemaGenerator::subschema_for::<DesignOutput>,
            SchemaGenerator::subschema_for::<TasksOutput>,
            SchemaGenerator::subschema_for::<SyncOutput>,
        ] {
            output(&mut schemas.answers);
        }
        schemas
    }

    pub(super) fn of_answer(&mut self, make: MakeSchema) -> Value {
        plain(make(&mut self.answers))
    }

    pub(super) fn of_request(&mut self, make: MakeSchema) -> Value {
        plain(make(&mut self.requests))
    }

    /// The document with its schemas.
    pub(super) fn finish(mut self, mut document: Value) -> Value {
        let mut components = definitions(&mut self.answers);
        let requests = definitions(&mut self.requests);
        let different = different(&requests, &components);
        let place = |name: &str| {
            let suffix = if different.contains(name) {
                "Input"
            } else {
                ""
            };
            format!("{COMPONENTS}{name}{suffix}")
        };
        for (name, mut schema) in requests {
            refer(&mut schema, &place);
            let place = place(&name);
            let name = place.trim_start_matches(COMPONENTS).to_owned();
            components.entry(name).or_insert(schema);
        }
        refer(&mut document, &place);
        if let Some(Value::Object(all)) = document.get_mut("components") {
            all.insert("schemas".to_owned(), components.into());
        }
        document
    }
}

fn definitions(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let all = generator.take_definitions(true).into_iter();
    all.map(|(name, schema)| {
        let schema = Schema::try_from(schema).map_or(Value::Bool(true), plain);
        (name, schema)
    })
    .collect()
}

/// Names of requests' schemas that look different in answers, or refer to one that does.
fn different(requests: &Map<String, Value>, answers: &Map<String, Value>) -> BTreeSet<String> {
    let mut different = BTreeSet::new();
    loop {
        let more: Vec<_> = requests
            .iter()
            .filter(|(name, _)| !different.contains(*name))
            .filter(|(name, schema)| {
                let Some(answer) = answers.get(*name) else {
                    return false;
                };
                let refers = Cell::new(false);
                let mut schema = (*schema).clone();
                refer(&mut schema, &|name: &str| {
                    refers.set(refers.get() || different.contains(name));
                    format!("{COMPONENTS}{name}")
                });
                refers.get() || schema != *answer
            })
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            return different;
        }
        different.extend(more);
    }
}

/// Makes references to requests' schemas into those that `place` says.
fn refer(value: &mut Value, place: &dyn Fn(&str) -> String) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| refer(item, place)),
        Value::Object(members) => {
            if let Some(Value::String(to)) = members.get_mut("$ref")
                && let Some(name) = to.strip_prefix(REQUESTS)
            {
                *to = place(name);
            }
            members.values_mut().for_each(|member| refer(member, place));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn plain(mut schema: Schema) -> Value {
    Plain.transform(&mut schema);
    schema.to_value()
}

/// Takes away what is for Rust alone.
#[derive(Debug, Clone)]
struct Plain;

impl Transform for Plain {
    fn transform(&mut self, schema: &mut Schema) {
        // Those of the types; what holds when a field is left out, the host decides.
        schema.remove("default");
        // Names of Rust's numbers, which are in no registry of formats.
        if schema.get("type").is_some_and(is_number) {
            schema.remove("format");
        }
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = flowing(&without_links(text)).replace("`None`", "`null`");
        }
        transform_subschemas(self, schema);
    }
}

fn is_number(types: &Value) -> bool {
    let is_number = |one: &Value| one == "integer" || one == "number";
    types
        .as_array()
        .map_or_else(|| is_number(types), |types| types.iter().any(is_number))
}

/// The text with its paragraphs, each on one line.
fn flowing(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|it| it.replace('\n', " "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// The text with its links into Rust's documentation replaced by their words.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        let Some((words, behind)) = after.split_once(']') else {
            plain.push('[');
            rest = after;
            continue;
        };
        let target = behind.strip_prefix('(').and_then(|it| it.split_once(')'));
        rest = match target {
            Some((to, behind)) if !to.contains("://") => {
                plain.push_str(words);
                behind
            }
            None if words.starts_with('`') => {
                plain.push_str(words);
                behind
            }
            Some(_) | None => {
                plain.push('[');
                after
            }
        };
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_into_the_documentation_of_rust_become_words() {
        for (text, plain) in [
            ("as [`Spec`] says", "as `Spec` says"),
            ("the [text](crate::text) of it", "the text of it"),
            (
                "a [page](https://example.org) of it",
                "a [page](https://example.org) of it",
            ),
            ("a list [a, b] and [", "a list [a, b] and ["),
        ] {
            assert_eq!(without_links(text), plain);
        }
    }
}

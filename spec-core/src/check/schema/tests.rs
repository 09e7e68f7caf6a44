//! The schema checker against an independent one, and at its edges.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::Phase;
use crate::artifact;
use crate::check::Severity;
use crate::testing::fixture;

fn errors(schema: &Value, value: &Value) -> Vec<(String, String, String)> {
    let mut findings = Findings::default();
    validate(schema, value, &mut findings);
    let findings = findings.into_sorted().into_iter();
    findings
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| (finding.pointer, finding.rule, finding.message))
        .collect()
}

fn error_of(phase: Phase, pointer: &str, value: Value) -> (String, String, String) {
    let mut document = fixture::output_json(phase);
    *document.pointer_mut(pointer).unwrap() = value;
    let mut errors = errors(artifact::schema(phase), &document);
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

#[test]
fn every_fixture_satisfies_its_schema() {
    for phase in Phase::ALL {
        let found = errors(artifact::schema(phase), &fixture::output_json(phase));
        assert!(found.is_empty(), "{phase}: {found:?}");
    }
}

#[test]
fn the_schemas_use_no_keyword_that_this_validator_does_not_know() {
    const KNOWN: [&str; 20] = [
        "$schema",
        "title",
        "description",
        "default",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "items",
        "enum",
        "const",
        "oneOf",
        "anyOf",
        "minLength",
        "minItems",
        "minimum",
        "maximum",
        "format",
        "pattern",
    ];
    fn walk(schema: &Value) {
        let Value::Object(rules) = schema else { return };
        for (keyword, value) in rules {
            assert!(KNOWN.contains(&keyword.as_str()), "{keyword}: {value}");
            match keyword.as_str() {
                "properties" => value.as_object().unwrap().values().for_each(walk),
                "patternProperties" => {
                    assert_eq!(value.as_object().unwrap().len(), 1, "{value}");
                    value.as_object().unwrap().values().for_each(walk);
                }
                "items" | "additionalProperties" => walk(value),
                "oneOf" | "anyOf" => value.as_array().unwrap().iter().for_each(walk),
                // A format that narrows a number would need a rule of its own.
                "format" => assert!(["uint32", "double"].contains(&value.as_str().unwrap())),
                _ => {}
            }
        }
    }
    Phase::ALL.map(artifact::schema).into_iter().for_each(walk);
}

#[test]
fn a_wrong_type_is_told_with_what_was_expected_and_found() {
    assert_eq!(
        error_of(Phase::Explore, "/tech_stack", json!(3)),
        (
            "/tech_stack".to_owned(),
            "schema.type".to_owned(),
            "expected an array of strings, found the number 3".to_owned()
        )
    );
}

#[test]
fn a_value_outside_an_enum_is_told_with_all_its_values() {
    let (pointer, rule, message) = error_of(
        Phase::Requirements,
        "/requirements/1/priority",
        json!("Urgent"),
    );
    assert_eq!(
        (pointer.as_str(), rule.as_str()),
        ("/requirements/1/priority", "schema.enum")
    );
    assert_eq!(
        message,
        r#"must be one of "CRITICAL", "HIGH", "MEDIUM", "LOW"; found the string "Urgent""#
    );
}

#[test]
fn a_missing_field_is_told_at_the_object_that_lacks_it() {
    let mut document = fixture::output_json(Phase::Tasks);
    document["tasks"][1]
        .as_object_mut()
        .unwrap()
        .remove("requirements_addressed");
    assert_eq!(
        errors(artifact::schema(Phase::Tasks), &document),
        [(
            "/tasks/1".to_owned(),
            "schema.required".to_owned(),
            "`requirements_addressed` is missing; expected an array of strings".to_owned()
        )]
    );
}

#[test]
fn numbers_that_the_typed_output_cannot_hold_are_no_integers() {
    for bad in [json!(1.0), json!(4_294_967_296_u64), json!("1")] {
        let (_, rule, _) = error_of(Phase::Explore, "/key_files/0/evidence/0/line", bad);
        assert_eq!(rule, "schema.type");
    }
    for bad in [json!(0), json!(-1)] {
        let (_, rule, _) = error_of(Phase::Explore, "/key_files/0/evidence/0/line", bad);
        assert_eq!(rule, "schema.minimum");
    }
}

#[test]
fn unknown_fields_are_a_warning() {
    let mut document = fixture::output_json(Phase::Explore);
    document["key_file"] = json!([]);
    let mut findings = Findings::default();
    validate(artifact::schema(Phase::Explore), &document, &mut findings);
    let findings = findings.into_sorted();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].rule, "schema.unknown");
    assert_eq!(findings[0].severity, Severity::Warning);
}

#[test]
fn alternatives_that_are_no_constants_are_told_by_the_one_that_was_meant() {
    let schema = json!({"anyOf": [
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
        {"type": "null"},
    ]});
    assert!(errors(&schema, &json!(null)).is_empty());
    assert!(errors(&schema, &json!({"a": ""})).is_empty());
    assert_eq!(errors(&schema, &json!({"a": 1}))[0].0, "/a");
    assert_eq!(errors(&schema, &json!(1))[0].1, "schema.any_of");
}

/// The schema without what this validator leaves to other rules.
fn comparable(schema: &Value) -> Value {
    match schema {
        Value::Object(rules) => {
            let mut out = Map::new();
            for (keyword, value) in rules {
                // A property may be called `pattern`; only the keyword holds a string.
                if keyword == "pattern" && value.is_string() {
                    continue;
                }
                out.insert(keyword.clone(), comparable(value));
            }
            if let Some(Value::Object(patterns)) = out.remove("patternProperties") {
                let schema = patterns.into_iter().next().unwrap().1;
                out.insert("additionalProperties".to_owned(), schema);
            }
            Value::Object(out)
        }
        Value::Array(items) => items.iter().map(comparable).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema.clone(),
    }
}

fn pointers(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, out: &mut Vec<String>) {
        out.push(at.to_owned());
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    walk(member, &child(at, key), out);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, &format!("{at}/{index}"), out);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut out = Vec::new();
    walk(value, "", &mut out);
    out
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(-1)),
        Just(json!(0)),
        Just(json!(7)),
        Just(json!(0.5)),
        Just(json!("")),
        Just(json!("HIGH")),
        Just(json!("text")),
        Just(json!([])),
        Just(json!([""])),
        Just(json!([[1]])),
        Just(json!({})),
        Just(json!({"a": "b"})),
    ]
}

#[derive(Debug, Clone)]
enum Mutation {
    Replace(prop::sample::Index, Value),
    Remove(prop::sample::Index),
    Add(prop::sample::Index, Value),
}

fn mutate(document: &mut Value, mutation: &Mutation) {
    let all = pointers(document);
    let all = all.as_slice();
    match mutation {
        Mutation::Replace(at, value) => {
            *document.pointer_mut(at.get(all).as_str()).unwrap() = value.clone();
        }
        Mutation::Remove(at) => {
            let Some((parent, key)) = at.get(all).as_str().rsplit_once('/') else {
                return;
            };
            let key = key.replace("~1", "/").replace("~0", "~");
            match document.pointer_mut(parent).unwrap() {
                Value::Object(members) => drop(members.remove(&key)),
                Value::Array(items) => drop(items.remove(key.parse().unwrap())),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                    unreachable!("only these two have members")
                }
            }
        }
        Mutation::Add(at, value) => {
            let place = document.pointer_mut(at.get(all).as_str()).unwrap();
            if let Value::Array(items) = place {
                items.push(value.clone());
            } else if let Value::Object(members) = place {
                members.insert("extra".to_owned(), value.clone());
            }
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), any_value()).prop_map(|(at, value)| Mutation::Replace(at, value)),
        at().prop_map(Mutation::Remove),
        (at(), any_value()).prop_map(|(at, value)| Mutation::Add(at, value)),
    ]
}

#[test]
fn agrees_with_a_full_validator_on_mutated_documents() {
    for phase in Phase::ALL {
        let schema = artifact::schema(phase);
        let judge = jsonschema::validator_for(&comparable(schema)).unwrap();
        let valid = fixture::output_json(phase);
        let mut runner = proptest::test_runner::TestRunner::default();
        let mutations = proptest::collection::vec(mutation(), 0..4);
        let outcome = runner.run(&mutations, |mutations| {
            let mut document = valid.clone();
            for mutation in &mutations {
                mutate(&mut document, mutation);
            }
            let found = errors(schema, &document);
            prop_assert_eq!(found.is_empty(), judge.is_valid(&document), "{:?}", found);
            // Whatever passes can be read.
            if found.is_empty() {
                prop_assert!(artifact::PhaseOutput::parse(phase, &document).is_ok());
            }
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{phase}: {error}"));
    }
}

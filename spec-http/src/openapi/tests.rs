//! The document, held against the table of routes that it is made from.

use std::collections::BTreeSet;

use axum::http::Method;

use super::*;
use crate::auth::SpecAction;

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// Calls `look` with every object of the document, the parts of examples apart.
fn each_object(value: &Value, look: &mut dyn FnMut(&Map<String, Value>)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| each_object(item, look)),
        Value::Object(all) => {
            look(all);
            for (name, member) in all {
                if name != "example" {
                    each_object(member, look);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_operation_is_described_with_all_that_it_answers() {
    let document = document(&operations());
    for operation in operations() {
        let method = operation.method.as_str().to_lowercase();
        let described = &document["paths"][operation.path][&method];
        assert_eq!(described["operationId"], operation.id);
        let told: BTreeSet<_> = members(&described["responses"]).map(|(it, _)| it).collect();
        let problems = operation.problems();
        let answers = operation.answers.iter().map(|answer| answer.status);
        let expected: BTreeSet<_> = answers
            .chain(problems)
            .map(|status| status.as_str().to_owned())
            .collect();
        assert_eq!(told, expected.iter().collect(), "{}", operation.id);
        assert!(!operation.answers.is_empty(), "{}", operation.id);
        assert!(!operation.summary.ends_with('.'), "{}", operation.id);
        assert_eq!(
            described["security"] == json!([]),
            operation.access == Access::Public
        );
    }
    let paths = members(&document["paths"]);
    let described: usize = paths.map(|(_, methods)| members(methods).count()).sum();
    assert_eq!(described, operations().len(), "one hides another");
}

#[test]
fn an_operation_has_its_id_for_itself() {
    let operations = operations();
    let ids: BTreeSet<_> = operations.iter().map(|operation| operation.id).collect();
    assert_eq!(ids.len(), operations.len());
}

#[test]
fn every_parameter_of_a_path_has_a_meaning() {
    for operation in operations() {
        let parts = operation.path.matches('{').count();
        assert_eq!(
            path_parameters(operation.path).len(),
            parts,
            "{}",
            operation.path
        );
        let is_of_a_spec = operation.path.contains("{spec_id}");
        assert_eq!(
            matches!(operation.access, Access::Spec(_)),
            is_of_a_spec,
            "{}: what is about a spec says what it does with it",
            operation.path
        );
    }
}

#[test]
fn nothing_is_for_everybody_by_oversight() {
    let public = operations()
        .into_iter()
        .filter(|operation| operation.access == Access::Public)
        .map(|operation| operation.id);
    assert_eq!(
        public.collect::<Vec<_>>(),
        ["getOpenApi", "getHealth", "getReadiness"]
    );
}

#[test]
fn what_changes_a_spec_asks_for_more_than_seeing_it() {
    for operation in operations() {
        if let Access::Spec(action) = operation.access {
            let only_looks = operation.method == Method::GET;
            assert_eq!(action == SpecAction::View, only_looks, "{}", operation.id);
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document(&operations());
    let mut references = 0;
    each_object(&document, &mut |object| {
        if let Some(Value::String(to)) = object.get("$ref") {
            let pointer = to.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{to}");
            references += 1;
        }
    });
    assert!(references > 100, "{references}");
}

#[test]
fn every_component_has_the_name_of_one_type() {
    let document = document(&operations());
    for (name, _) in members(&document["components"]["schemas"]) {
        assert!(
            name.chars().all(|c| c.is_ascii_alphabetic()),
            "{name}: two types have this name; give one of them another"
        );
    }
}

#[test]
fn every_example_is_one_of_its_schema() {
    let document = document(&operations());
    let components = &document["components"];
    let mut examples = 0;
    each_object(&document, &mut |object| {
        let (Some(schema), Some(example)) = (object.get("schema"), object.get("example")) else {
            return;
        };
        let mut schema = schema.clone();
        schema["components"] = components.clone();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(example)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{example}: {errors:#?}");
        examples += 1;
    });
    let operations = operations().len();
    assert!(
        examples > operations,
        "{examples} of {operations} operations"
    );
}

#[test]
fn what_is_always_told_is_required_and_what_may_be_left_out_is_not() {
    let document = document(&operations());
    let required = |name: &str| {
        let schema = &document["components"]["schemas"][name];
        let names = schema["required"].as_array().cloned().unwrap_or_default();
        let has = |field: &str| names.contains(&field.into());
        members(&schema["properties"])
            .map(|(field, _)| (field.clone(), has(field)))
            .collect::<Vec<_>>()
    };
    for all in [
        "SpecDetail",
        "PhaseDetail",
        "AttemptDetail",
        "SpecItem",
        "SpecUsageDetail",
        "Policy",
        "Gates",
        "Budget",
        "Finding",
        "SpecEvent",
    ] {
        assert!(!required(all).is_empty(), "{all}");
        for (field, required) in required(all) {
            assert!(required, "{all}.{field}");
        }
    }
    for none in [
        "PolicyInput",
        "GatesInput",
        "BudgetInput",
        "BudgetBody",
        "CancelBody",
    ] {
        assert!(!required(none).is_empty(), "{none}");
        for (field, required) in required(none) {
            assert!(!required, "{none}.{field}");
        }
    }
    let schemas = &document["components"]["schemas"];
    assert_eq!(
        schemas["LaunchBody"]["required"],
        json!(["title", "description"])
    );
    let problem: Vec<_> = required("Problem").into_iter().filter(|it| !it.1).collect();
    assert_eq!(
        problem,
        [
            ("errors".to_owned(), false),
            ("request_id".to_owned(), false)
        ]
    );
}

#[test]
fn an_event_is_told_apart_by_its_type() {
    let document = document(&operations());
    let event = &document["components"]["schemas"]["SpecEvent"];
    let kinds = event["oneOf"].as_array().unwrap();
    assert!(kinds.len() > 20, "{}", kinds.len());
    for kind in kinds {
        let name = &kind["properties"]["type"]["const"];
        assert!(name.as_str().unwrap().contains('.'), "{kind}");
        assert!(kind["properties"]["data"].is_object(), "{name}");
        assert_eq!(kind["required"], json!(["type", "data"]), "{name}");
    }
}

#[test]
fn the_document_has_the_form_of_openapi_3_1() {
    let document = document(&operations());
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().collect();
    for (path, methods) in members(&document["paths"]) {
        assert!(path.starts_with('/'), "{path}");
        for (method, operation) in members(methods) {
            assert!(["get", "put", "post", "delete"].contains(&method.as_str()));
            let tag = &operation["tags"][0];
            assert!(tags.iter().any(|known| known["name"] == *tag), "{tag}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["name"].is_string() && parameter["schema"].is_object());
                let in_path = parameter["in"] == "path";
                assert_eq!(parameter["required"], in_path, "{path}: {parameter}");
            }
            for (status, response) in members(&operation["responses"]) {
                assert!((100..600).contains(&status.parse::<u16>().unwrap()));
                let has_text = response["description"].is_string();
                assert!(has_text || response["$ref"].is_string(), "{path}: {status}");
            }
        }
    }
    for (name, schema) in members(&document["components"]["schemas"]) {
        assert!(schema.is_object(), "{name}");
        jsonschema::meta::validate(schema).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn a_router_that_is_nested_says_where() {
    assert!(document_at("").get("servers").is_none());
    let nested = document_at("/api/v1");
    assert_eq!(nested["servers"], json!([{ "url": "/api/v1" }]));
}

#[test]
fn the_lists_for_readers_name_every_operation() {
    for (place, text) in [
        ("README.md", include_str!("../../README.md")),
        ("lib.rs", include_str!("../lib.rs")),
    ] {
        for Operation { method, path, .. } in operations() {
            let row = format!("| `{method} {path}` |");
            assert!(text.contains(&row), "{place} does not list {method} {path}");
        }
    }
}

//! What the strict schemas may hold, and that documents survive the way there and back.

use proptest::prelude::*;

use super::*;
use crate::artifact::PhaseOutput;
use crate::testing::fixture;

/// What every provider with structured outputs takes, those with the smallest subset included.
const KNOWN: [&str; 7] = [
    "type",
    "description",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
];
/// Levels of nesting that providers allow at most.
const MAX_DEPTH: usize = 10;

fn kinds(node: &Value) -> Vec<Value> {
    let several = node["type"].as_array().cloned();
    several.unwrap_or_else(|| vec![node["type"].clone()])
}

fn check(node: &Value, at: &str, depth: usize, strings: &mut usize) {
    assert!(depth <= MAX_DEPTH, "{at} is too deep");
    for (keyword, value) in node.as_object().unwrap() {
        assert!(KNOWN.contains(&keyword.as_str()), "{at}: {keyword}");
        if keyword == "enum" {
            *strings += value.to_string().len();
        }
    }
    let kinds = kinds(node);
    assert!(kinds.iter().all(Value::is_string), "{at}: {kinds:?}");
    if kinds.contains(&json!("object")) {
        assert_eq!(node["additionalProperties"], json!(false), "{at}");
        let members = node["properties"].as_object().unwrap();
        let mut names: Vec<_> = members.keys().map(|name| json!(name)).collect();
        let mut required = node["required"].as_array().unwrap().clone();
        names.sort_by_key(Value::to_string);
        required.sort_by_key(Value::to_string);
        assert_eq!(names, required, "{at}");
        for (name, member) in members {
            *strings += name.len();
            check(member, &format!("{at}/{name}"), depth + 1, strings);
        }
    }
    if kinds.contains(&json!("array")) {
        check(&node["items"], &format!("{at}/*"), depth + 1, strings);
    }
}

#[test]
fn the_strict_schemas_keep_to_the_subset() {
    for phase in Phase::ALL {
        let mut strings = 0;
        check(strict_schema(phase), "", 0, &mut strings);
        assert_eq!(strict_schema(phase)["type"], "object", "{phase}");
        // Providers take 15,000 characters of names and values from models of the first generation.
        assert!(strings < 15_000, "{phase}: {strings}");
    }
}

/// The strict form of a document; with `leave_out`, members that say nothing become null.
fn to_strict(node: &Value, value: &Value, leave_out: bool) -> Value {
    match value {
        Value::Object(members) => {
            if let Some(values) = map_values(node) {
                let entry = |(key, value): (&String, &Value)| json!({"key": key, "value": to_strict(values, value, leave_out)});
                return members.iter().map(entry).collect();
            }
            let known = node["properties"].as_object().unwrap();
            let member = |(name, schema): (&String, &Value)| {
                let value = members.get(name).unwrap_or(&Value::Null);
                let empty = [json!([]), json!({}), json!(""), json!(false)].contains(value);
                if leave_out && empty && !is_required(node, name) {
                    return (name.clone(), Value::Null);
                }
                (name.clone(), to_strict(schema, value, leave_out))
            };
            Value::Object(known.iter().map(member).collect())
        }
        Value::Array(items) => items
            .iter()
            .map(|item| to_strict(&node["items"], item, leave_out))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn normal(phase: Phase, value: &Value) -> Value {
    match PhaseOutput::parse(phase, value).unwrap() {
        PhaseOutput::Explore(output) => serde_json::to_value(output),
        PhaseOutput::Requirements(output) => serde_json::to_value(output),
        PhaseOutput::Design(output) => serde_json::to_value(output),
        PhaseOutput::Tasks(output) => serde_json::to_value(output),
        PhaseOutput::Sync(output) => serde_json::to_value(output),
    }
    .unwrap()
}

#[test]
fn strict_forms_of_good_outputs_satisfy_the_strict_schema() {
    for phase in Phase::ALL {
        let judge = jsonschema::validator_for(strict_schema(phase)).unwrap();
        for leave_out in [false, true] {
            let document = to_strict(schema(phase), &fixture::output_json(phase), leave_out);
            if let Err(error) = judge.validate(&document) {
                panic!("{phase}: {error} at {}", error.instance_path());
            }
        }
        assert!(!judge.is_valid(&json!({})), "{phase}");
    }
}

#[test]
fn what_is_in_no_form_stays_as_it_is() {
    for (given, kept) in [
        (json!([1]), json!([1])),
        (
            json!({"structure": [{"key": 1}]}),
            json!({"structure": [{"key": 1}]}),
        ),
        (
            json!({"structure": [], "other": null}),
            json!({"structure": {}, "other": null}),
        ),
        (
            json!({"structure": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}),
            json!({"structure": {"a": "2"}}),
        ),
        // Required: the check is to find it.
        (json!({"project_type": null}), json!({"project_type": null})),
    ] {
        assert_eq!(from_strict(Phase::Explore, given), kept);
    }
}

/// Documents that satisfy a schema of this crate.
fn documents(node: &Value) -> BoxedStrategy<Value> {
    if let Some(values) = map_values(node) {
        let entries = prop::collection::btree_map("[a-c/\"]{0,3}", documents(values), 0..3);
        return entries.prop_map(|map| json!(map)).boxed();
    }
    if let Some(choices) = node["oneOf"].as_array() {
        let values: Vec<_> = choices
            .iter()
            .map(|choice| choice["const"].clone())
            .collect();
        return prop::sample::select(values).boxed();
    }
    match kinds(node)[0].as_str().unwrap() {
        "object" => {
            let mut all = Just(Map::new()).boxed();
            for (name, member) in node["properties"].as_object().unwrap() {
                let name = name.clone();
                let absent = u32::from(!is_required(node, &name));
                let member = prop_oneof![
                    2 => documents(member).prop_map(Some),
                    absent => Just(None),
                ];
                all = (all, member)
                    .prop_map(move |(mut all, member)| {
                        all.extend(member.map(|member| (name.clone(), member)));
                        all
                    })
                    .boxed();
            }
            all.prop_map(Value::Object).boxed()
        }
        "array" => prop::collection::vec(documents(&node["items"]), 1..3)
            .prop_map(Value::Array)
            .boxed(),
        "string" => "[a-z\\PC]{1,4}".prop_map(Value::String).boxed(),
        "boolean" => any::<bool>().prop_map(Value::Bool).boxed(),
        "integer" => (1u32..9).prop_map(|number| json!(number)).boxed(),
        "number" => (1u32..9)
            .prop_map(|number| json!(f64::from(number)))
            .boxed(),
        other => panic!("{other}"),
    }
}

fn any_phase() -> impl Strategy<Value = (Phase, Value)> {
    prop::sample::select(Phase::ALL.to_vec())
        .prop_flat_map(|phase| documents(schema(phase)).prop_map(move |value| (phase, value)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_document_survives_its_strict_form((phase, value) in any_phase()) {
        let typed = normal(phase, &value);
        let strict = to_strict(schema(phase), &typed, false);
        prop_assert_eq!(&from_strict(phase, strict), &typed);
        let strict = to_strict(schema(phase), &value, true);
        prop_assert_eq!(normal(phase, &from_strict(phase, strict)), typed);
    }

    #[test]
    fn a_document_in_the_normal_form_is_left_alone((phase, value) in any_phase()) {
        prop_assert_eq!(&from_strict(phase, value.clone()), &value);
        let typed = normal(phase, &value);
        prop_assert_eq!(from_strict(phase, typed.clone()), typed);
    }
}

//! What is kept of earlier results, and that nothing a later phase refers to is lost.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::fixture;

const ASKED: [Phase; 4] = [
    Phase::Explore,
    Phase::Requirements,
    Phase::Design,
    Phase::Tasks,
];

/// Every text of a document, keys of objects included.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => {
            for (name, member) in members {
                found.push(name.clone());
                texts(member, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn texts_of(phase: Phase, of: Phase) -> Vec<String> {
    let mut found = Vec::new();
    texts(&needed(phase, of, &fixture::output_json(of)), &mut found);
    found
}

#[test]
fn no_id_is_lost_for_a_phase_that_has_to_refer_to_it() {
    let outputs = fixture::outputs();
    for phase in [Phase::Design, Phase::Tasks] {
        let found = texts_of(phase, Phase::Requirements);
        for requirement in &outputs.requirements.requirements {
            assert!(
                found.iter().any(|text| text == requirement.id.as_str()),
                "{phase}: {found:?}"
            );
            assert!(found.contains(&requirement.text), "{phase}: {found:?}");
        }
    }
    let found = texts_of(Phase::Tasks, Phase::Design);
    for component in &outputs.design.components {
        assert!(found.contains(&component.name), "{found:?}");
        assert!(found.contains(&component.file_path), "{found:?}");
    }
}

#[test]
fn no_phase_is_given_evidence_or_notes() {
    let mut pairs = 0;
    for phase in ASKED {
        for of in ASKED {
            let found = texts_of(phase, of);
            assert_eq!(found.is_empty(), phase <= of, "{phase} {of}");
            pairs += usize::from(!found.is_empty());
            for name in ["evidence", "excerpt", "notes"] {
                assert!(
                    !found.iter().any(|text| text == name),
                    "{phase} {of}: {name}"
                );
            }
        }
    }
    assert_eq!(pairs, 6);
}

#[test]
fn requirements_are_told_what_was_found_and_design_what_is_to_be_fulfilled() {
    let explore = fixture::outputs().explore;
    let found = texts_of(Phase::Requirements, Phase::Explore);
    for text in [
        &explore.codebase_summary,
        &explore.feature_summary.problem_statement,
        &explore.key_files[1].purpose,
        &explore.conventions.testing,
    ] {
        assert!(found.contains(text), "{text}");
    }
    let requirements = fixture::outputs().requirements.requirements;
    let found = texts_of(Phase::Design, Phase::Requirements);
    let criterion = &requirements[1].acceptance_criteria[1].text;
    assert!(found.contains(criterion), "{found:?}");
}

fn many_requirements(count: usize) -> Value {
    let template = fixture::output_json(Phase::Requirements)["requirements"][0].clone();
    let requirement = |index: usize| {
        let mut requirement = template.clone();
        requirement["id"] = json!(format!("REQ-MANY-FUNC-{index:03}"));
        requirement["text"] = json!("The program shall do it. ".repeat(40));
        requirement
    };
    let requirements: Vec<Value> = (0..count).map(requirement).collect();
    json!({ "requirements": requirements })
}

#[test]
fn a_result_without_end_is_cut_and_still_names_five_hundred_requirements() {
    let result = many_requirements(500);
    assert!(result.to_string().len() > 10 * MAX_BYTES);
    for phase in [Phase::Design, Phase::Tasks] {
        let shown = text(&needed(phase, Phase::Requirements, &result));
        assert!(shown.len() <= MAX_BYTES, "{}", shown.len());
        assert!(shown.contains("left out here; all are in context.json"));
        for index in 0..500 {
            let id = format!("REQ-MANY-FUNC-{index:03}");
            assert!(shown.contains(&id), "{phase}: {id}");
        }
    }
}

#[test]
fn what_fits_is_shown_whole() {
    let needed = needed(
        Phase::Design,
        Phase::Requirements,
        &fixture::output_json(Phase::Requirements),
    );
    let read: Value = serde_json::from_str(&text(&needed)).unwrap();
    assert_eq!(read, needed);
}

#[test]
fn one_text_without_end_is_cut() {
    let result = json!({"codebase_summary": "\u{1}é".repeat(1 << 20)});
    let shown = text(&needed(Phase::Design, Phase::Explore, &result));
    assert!(shown.len() <= MAX_BYTES, "{}", shown.len());
    assert!(shown.contains('…'), "{shown}");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        let name = prop_oneof![
            Just("requirements".to_owned()),
            Just("components".to_owned()),
            Just("feature_summary".to_owned()),
            "[a-z]{1,4}",
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::btree_map(name, inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_result_is_shown_within_the_bound(result in any_json()) {
        for of in ASKED {
            for phase in ASKED {
                let shown = text(&needed(phase, of, &result));
                prop_assert!(shown.len() <= MAX_BYTES + 100);
            }
        }
    }
}

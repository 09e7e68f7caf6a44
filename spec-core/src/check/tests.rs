//! Each rule, on an output that breaks it and nothing else.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::testing::fixture;

/// Checks the fixture of a phase after a change, against the fixtures of the phases before.
fn after(phase: Phase, change: impl FnOnce(&mut Value)) -> Checked {
    let mut document = fixture::output_json(phase);
    change(&mut document);
    let outputs = fixture::outputs();
    let earlier = Earlier {
        idea: Some("Remember what I searched for"),
        explore: Some(&outputs.explore),
        requirements: Some(&outputs.requirements),
        design: Some(&outputs.design),
        tasks: Some(&outputs.tasks),
    };
    check(phase, &document, &earlier)
}

/// The only finding after setting one value.
fn finding(phase: Phase, pointer: &str, value: Value) -> Finding {
    let mut checked = after(phase, |document| {
        *document.pointer_mut(pointer).unwrap() = value;
    });
    assert_eq!(checked.findings.len(), 1, "{:?}", checked.findings);
    checked.findings.remove(0)
}

fn place_and_rule(finding: &Finding) -> (&str, &str) {
    (&finding.pointer, &finding.rule)
}

#[test]
fn the_fixtures_are_accepted_without_a_finding() {
    for phase in Phase::ALL {
        let checked = after(phase, |_| {});
        assert!(checked.is_accepted(), "{phase}");
        assert_eq!(checked.findings, [], "{phase}");
    }
}

#[test]
fn structure_is_judged_only_when_the_schema_holds() {
    let checked = after(Phase::Tasks, |document| {
        document["tasks"][0]["parent_ticket"] = json!("TKT-999");
        document["tasks"][1]["title"] = json!(7);
    });
    assert!(!checked.is_accepted());
    assert_eq!(checked.output, None);
    assert_eq!(checked.findings.len(), 1);
    assert_eq!(
        place_and_rule(&checked.findings[0]),
        ("/tasks/1/title", "schema.type")
    );
}

#[test]
fn two_tasks_that_wait_for_each_other_are_refused_with_the_cycle() {
    let at = "/tasks/0/dependencies/depends_on";
    let finding = finding(Phase::Tasks, at, json!(["TSK-003"]));
    assert_eq!(place_and_rule(&finding), ("/tasks/0", "graph.cycle"));
    assert_eq!(
        finding.message,
        "tasks wait for each other: TSK-001 → TSK-003 → TSK-001"
    );
}

#[test]
fn a_cycle_made_by_blocks_is_a_cycle_too() {
    let finding = finding(
        Phase::Tasks,
        "/tasks/3/dependencies/blocks",
        json!(["TSK-001"]),
    );
    assert!(
        finding
            .message
            .ends_with("TSK-001 → TSK-004 → TSK-003 → TSK-001"),
        "{finding}"
    );
}

#[test]
fn cycles_of_tickets_components_and_requirements_are_refused() {
    for (phase, at, value) in [
        (
            Phase::Tasks,
            "/tickets/0/dependencies/blocked_by",
            "TKT-002",
        ),
        (Phase::Design, "/components/0/dependencies", "Entry point"),
        (
            Phase::Requirements,
            "/requirements/0/dependencies",
            "REQ-HIST-FUNC-002",
        ),
    ] {
        assert_eq!(
            finding(phase, at, json!([value])).rule,
            "graph.cycle",
            "{phase}"
        );
    }
}

#[test]
fn references_that_lead_nowhere_are_refused_at_their_place() {
    for (phase, at, value) in [
        (
            Phase::Requirements,
            "/user_stories/1/requirements/0",
            "REQ-999",
        ),
        (
            Phase::Requirements,
            "/requirements/1/dependencies/0",
            "REQ-999",
        ),
        (Phase::Design, "/components/1/dependencies/0", "Nothing"),
        (Phase::Design, "/components/0/requirements/1", "REQ-999"),
        (Phase::Tasks, "/tickets/1/requirements/0", "REQ-999"),
        (
            Phase::Tasks,
            "/tickets/1/dependencies/blocked_by/0",
            "TKT-999",
        ),
        (
            Phase::Tasks,
            "/tasks/1/dependencies/depends_on/0",
            "TSK-999",
        ),
        (Phase::Tasks, "/tasks/0/requirements_addressed/0", "REQ-999"),
    ] {
        assert_eq!(
            place_and_rule(&finding(phase, at, json!(value))),
            (at, "reference.unresolved")
        );
    }
}

#[test]
fn an_item_that_refers_to_itself_is_refused() {
    for (phase, at, value) in [
        (
            Phase::Requirements,
            "/requirements/1/dependencies/0",
            "REQ-HIST-FUNC-002",
        ),
        (Phase::Design, "/components/1/dependencies/0", "Entry point"),
        (Phase::Tasks, "/tickets/0/dependencies/blocks/0", "TKT-001"),
        (
            Phase::Tasks,
            "/tasks/1/dependencies/depends_on/0",
            "TSK-002",
        ),
    ] {
        assert_eq!(
            place_and_rule(&finding(phase, at, json!(value))),
            (at, "reference.self")
        );
    }
}

#[test]
fn ids_have_the_form_of_their_kind() {
    for (phase, at, value) in [
        (Phase::Explore, "/questions/0/id", "Q1"),
        (
            Phase::Requirements,
            "/requirements/0/acceptance_criteria/0/id",
            "AC-1",
        ),
        (Phase::Requirements, "/user_stories/0/id", "STORY-001"),
    ] {
        assert_eq!(
            place_and_rule(&finding(phase, at, json!(value))),
            (at, "id.malformed")
        );
    }
}

#[test]
fn an_id_that_is_used_twice_is_refused_with_both_places() {
    let at = "/requirements/1/acceptance_criteria/0/id";
    let finding = finding(Phase::Requirements, at, json!("AC-001"));
    assert_eq!(place_and_rule(&finding), (at, "id.duplicate"));
    assert!(
        finding
            .message
            .contains("/requirements/0/acceptance_criteria/0/id"),
        "{finding}"
    );
}

#[test]
fn tickets_and_tasks_must_agree_about_each_other() {
    let checked = after(Phase::Tasks, |document| {
        document["tasks"][1]["parent_ticket"] = json!("TKT-002");
    });
    let found: Vec<_> = checked.findings.iter().map(place_and_rule).collect();
    let expected = [
        ("/tasks/1/parent_ticket", "reference.disagrees"),
        ("/tickets/0/tasks/1", "reference.disagrees"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_ticket_may_leave_its_list_of_tasks_out() {
    let checked = after(Phase::Tasks, |document| {
        document["tickets"][0]
            .as_object_mut()
            .unwrap()
            .remove("tasks");
    });
    assert_eq!(checked.findings, []);
}

#[test]
fn a_requirement_that_nothing_serves_is_refused() {
    let at = "/components/0/requirements";
    let value = json!(["REQ-HIST-FUNC-001"]);
    let found = finding(Phase::Design, at, value);
    assert_eq!(
        place_and_rule(&found),
        ("/components", "coverage.requirement")
    );
    assert!(found.message.contains("REQ-HIST-SEC-001"), "{found}");
    let at = "/tasks/1/requirements_addressed";
    let found = finding(Phase::Tasks, at, json!(["REQ-HIST-FUNC-001"]));
    assert_eq!(place_and_rule(&found), ("/tasks", "coverage.requirement"));
    assert!(found.message.contains("REQ-HIST-REL-001"), "{found}");
}

#[test]
fn a_requirement_without_a_criterion_is_refused() {
    let at = "/requirements/3/acceptance_criteria";
    let found = finding(Phase::Requirements, at, json!([]));
    assert_eq!(place_and_rule(&found), (at, "coverage.criterion"));
}

#[test]
fn a_component_that_serves_nothing_is_refused() {
    let checked = after(Phase::Design, |document| {
        document["components"][1]["requirements"] = json!([]);
    });
    assert!(
        checked
            .errors()
            .any(|finding| finding.rule == "coverage.component")
    );
}

#[test]
fn a_copied_requirement_is_refused() {
    let text = fixture::outputs().requirements.requirements[0]
        .text
        .to_uppercase();
    let at = "/requirements/3/text";
    let found = finding(Phase::Requirements, at, json!(text.replace(' ', "  ")));
    assert_eq!(place_and_rule(&found), (at, "text.duplicate"));
}

#[test]
fn blank_texts_and_placeholders_are_refused() {
    let blank = finding(Phase::Requirements, "/user_stories/0/role", json!(" \n"));
    assert_eq!(
        place_and_rule(&blank),
        ("/user_stories/0/role", "text.blank")
    );
    for text in [
        "TBD",
        "Handle TODO: all cases",
        "Lorem Ipsum dolor",
        "x [NEEDS CLARIFICATION: y]",
    ] {
        let found = finding(Phase::Tasks, "/tasks/0/title", json!(text));
        assert_eq!(
            place_and_rule(&found),
            ("/tasks/0/title", "content.placeholder"),
            "{text}"
        );
    }
}

#[test]
fn a_product_about_things_to_do_is_no_placeholder() {
    for text in [
        "Show the todo list",
        "Add a todo",
        "Find `TODO` comments",
        "MASTODON",
    ] {
        let checked = after(Phase::Tasks, |document| {
            document["tasks"][0]["title"] = json!(text);
        });
        assert_eq!(checked.findings, [], "{text}");
    }
}

#[test]
fn paths_stay_in_the_repository() {
    for path in [
        "/etc/passwd",
        "../x",
        "src//x",
        "./src/x",
        "src\\x",
        "",
        "src/",
    ] {
        let found = finding(Phase::Tasks, "/tasks/0/files_to_create/0", json!(path));
        assert_eq!(found.rule, "path.invalid", "{path}");
    }
    let at = "/components/0/file_path";
    assert_eq!(finding(Phase::Design, at, json!("/x")).rule, "path.invalid");
}

#[test]
fn advice_does_not_veto() {
    for (phase, at, value, rule) in [
        (
            Phase::Requirements,
            "/requirements/0/text",
            json!("It works."),
            "ears.shall",
        ),
        (
            Phase::Requirements,
            "/requirements/0/text",
            json!("It shall a and shall b."),
            "ears.shall",
        ),
        (
            Phase::Requirements,
            "/requirements/0/text",
            json!("When shall it?"),
            "ears.pattern",
        ),
        (
            Phase::Requirements,
            "/requirements/0/text",
            json!("It shall be intuitive."),
            "text.vague",
        ),
        (
            Phase::Tasks,
            "/tasks/0/estimated_hours",
            json!(9.0),
            "task.size",
        ),
        (
            Phase::Tasks,
            "/tasks/3/requirements_addressed",
            json!([]),
            "coverage.task",
        ),
    ] {
        let checked = after(phase, |document| *document.pointer_mut(at).unwrap() = value);
        assert!(checked.is_accepted());
        let rules: Vec<_> = checked
            .findings
            .iter()
            .map(|finding| &finding.rule)
            .collect();
        assert_eq!(rules, [rule]);
    }
}

#[test]
fn a_document_with_nothing_before_it_is_judged_by_itself() {
    for phase in Phase::ALL {
        let checked = check(phase, &fixture::output_json(phase), &Earlier::default());
        assert_eq!(checked.findings, [], "{phase}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_ids_and_texts_are_judged(
        id in "(TSK|TKT)?-?[0-9A-Z/~]{0,4}", text in "\\PC{0,30}", hours in any::<f64>(),
    ) {
        let tasks = after(Phase::Tasks, |document| {
            document["tasks"][0]["id"] = json!(id);
            document["tasks"][1]["dependencies"]["depends_on"] = json!([id, id]);
            document["tasks"][2]["estimated_hours"] = json!(hours);
            document["tasks"][2]["title"] = json!(text);
        });
        let requirements = after(Phase::Requirements, |document| {
            document["requirements"][0]["text"] = json!(text);
            document["requirements"][0]["id"] = json!(id);
        });
        for checked in [tasks, requirements] {
            prop_assert!(checked.findings.is_sorted_by_key(|finding| finding.severity));
        }
    }
}

//! Each detector, on texts that only please the schema and on honest texts that look like them.

use proptest::prelude::*;
use serde_json::json;

use super::super::{Checked, check};
use super::*;
use crate::phase::Phase;
use crate::testing::fixture;

const IDEA: &str = "Cache responses of the weather API for ten minutes using Redis";
const LONG_IDEA: &str = "Please add a search history to the program, so that everybody can see what \
                         they searched for last week and repeat it without typing it again";

fn checked(idea: &str, phase: Phase, change: impl FnOnce(&mut Value)) -> Checked {
    let mut document = fixture::output_json(phase);
    change(&mut document);
    let outputs = fixture::outputs();
    let earlier = Earlier {
        idea: Some(idea),
        explore: Some(&outputs.explore),
        requirements: Some(&outputs.requirements),
        design: Some(&outputs.design),
        tasks: None,
    };
    check(phase, &document, &earlier)
}

/// Place and rule of every error.
fn errors(idea: &str, phase: Phase, change: impl FnOnce(&mut Value)) -> Vec<(String, String)> {
    checked(idea, phase, change)
        .errors()
        .map(|finding| {
            assert!(!finding.fix.is_empty(), "{finding} says not what to do");
            (finding.pointer.clone(), finding.rule.clone())
        })
        .collect()
}

/// The rules that veto the fixture of a phase with one text in it.
fn rules(phase: Phase, at: &str, text: &str) -> Vec<String> {
    let found = errors(IDEA, phase, |document| {
        *document.pointer_mut(at).unwrap() = json!(text);
    });
    for (pointer, rule) in &found {
        assert_eq!(pointer, at, "{rule} for {text:?}");
    }
    found.into_iter().map(|(_, rule)| rule).collect()
}

const OVERVIEW: (Phase, &str) = (Phase::Design, "/architecture_overview");
const RESPONSIBILITY: (Phase, &str) = (Phase::Design, "/components/0/responsibility");
const REQUIREMENT: (Phase, &str) = (Phase::Requirements, "/requirements/0/text");
const CRITERION: (Phase, &str) = (
    Phase::Requirements,
    "/requirements/0/acceptance_criteria/0/text",
);
const DESCRIPTION: (Phase, &str) = (Phase::Tasks, "/tasks/0/description");
const TITLE: (Phase, &str) = (Phase::Tasks, "/tasks/0/title");
const NAME: (Phase, &str) = (Phase::Design, "/data_models/0/name");
const PURPOSE: (Phase, &str) = (Phase::Explore, "/key_files/0/purpose");
const PROBLEM: (Phase, &str) = (Phase::Explore, "/feature_summary/problem_statement");
const ASSUMPTION: (Phase, &str) = (Phase::Requirements, "/assumptions/0/text");
const NOTES: (Phase, &str) = (Phase::Tasks, "/notes");

#[test]
fn texts_that_stand_for_a_text_are_refused() {
    for ((phase, at), text) in [
        (OVERVIEW, "TBD"),
        (OVERVIEW, "To be determined."),
        (OVERVIEW, "lorem ipsum"),
        (OVERVIEW, "Lorem ipsum dolor sit amet, consectetur"),
        (OVERVIEW, "string"),
        (OVERVIEW, "..."),
        (OVERVIEW, "…"),
        (OVERVIEW, "N/A"),
        (OVERVIEW, "-"),
        (
            OVERVIEW,
            "The cache is kept for [NEEDS CLARIFICATION: how long?]",
        ),
        (RESPONSIBILITY, "foo"),
        (RESPONSIBILITY, "aaaa"),
        (RESPONSIBILITY, "Description here"),
        (RESPONSIBILITY, "The limit is TBD"),
        (REQUIREMENT, "test"),
        (
            REQUIREMENT,
            "When foo, the program shall answer within (TBD) seconds.",
        ),
        (CRITERION, "Example"),
        (CRITERION, "placeholder"),
        (DESCRIPTION, "TODO: describe"),
        (DESCRIPTION, "???"),
        (DESCRIPTION, "[TODO]"),
        (TITLE, "TODO"),
        (TITLE, "Handle TODO: all cases"),
        (NAME, "xxx"),
        (PURPOSE, "FIXME"),
        (PURPOSE, "to be defined"),
        (PROBLEM, "The limit is TBD"),
        (NOTES, "tbd"),
    ] {
        assert_eq!(
            rules(phase, at, text),
            ["content.placeholder"],
            "{text:?} at {at}"
        );
    }
}

#[test]
fn honest_texts_that_look_like_placeholders_pass() {
    for ((phase, at), text) in [
        (TITLE, "Show the todo list"),
        (TITLE, "Add a todo"),
        (TITLE, "Report every TODO comment without an issue"),
        (TITLE, "Tests"),
        (NAME, "Todo"),
        (NAME, "Placeholder"),
        (NAME, "String"),
        (NAME, "Example"),
        (NAME, "Bar"),
        (NAME, "AAA"),
        (NAME, "C"),
        (NOTES, "N/A"),
        (NOTES, "-"),
        (NOTES, "None"),
        (PURPOSE, "Tests"),
        (PURPOSE, "Example"),
        (PURPOSE, "Holds a TODO: the limit is TBD"),
        (PURPOSE, "TODO.md lists what is open"),
        (PURPOSE, "Says [NEEDS CLARIFICATION] in four places"),
        (ASSUMPTION, "The limit is TBD by the operator"),
        (
            ASSUMPTION,
            "One history [NEEDS CLARIFICATION: per user?] is enough",
        ),
        (
            REQUIREMENT,
            "When a file holds `TODO: x`, the program shall list it.",
        ),
        (CRITERION, "The page shows “Lorem ipsum” and three dots ..."),
        (
            OVERVIEW,
            "The scanner looks for the words \"TBD:\" and \"FIXME:\" in comments.",
        ),
        (DESCRIPTION, "A string is tested, for example `foo`."),
    ] {
        assert_eq!(rules(phase, at, text), [""; 0], "{text:?} at {at}");
    }
}

#[test]
fn what_the_idea_speaks_of_is_no_placeholder() {
    let found = errors(
        "Generate lorem ipsum and find TBD",
        Phase::Design,
        |document| {
            document["architecture_overview"] =
                json!("A generator writes lorem ipsum, and a scanner reports TBD in it.");
        },
    );
    assert_eq!(found, []);
}

#[test]
fn an_idea_that_is_a_placeholder_is_not_held_against_the_result() {
    let summarised = |idea: &str| {
        errors(idea, Phase::Explore, |document| {
            document["feature_summary"]["name"] = json!("TBD");
            document["feature_summary"]["scope_in"][0] = json!("Foo bar");
        })
    };
    let at = |pointer: &str| (pointer.to_owned(), "content.placeholder".to_owned());
    let (name, scope) = (
        at("/feature_summary/name"),
        at("/feature_summary/scope_in/0"),
    );
    let both = [name, scope];
    assert_eq!(summarised("foo bar"), both[..1]);
    assert_eq!(summarised("TBD"), both[1..]);
    assert_eq!(summarised("Rename foo bar to something else"), both);
}

#[test]
fn what_is_left_of_a_template_is_refused() {
    for ((phase, at), text) in [
        (REQUIREMENT, "The <system> shall <response>."),
        (
            REQUIREMENT,
            "When <trigger>, the <system> shall <response>.",
        ),
        (
            REQUIREMENT,
            "The system shall {{action}} when {{condition}}.",
        ),
        (REQUIREMENT, "The system shall __ACTION__."),
        (CRITERION, "${criterion}"),
        (RESPONSIBILITY, "[your responsibility here]"),
        (
            RESPONSIBILITY,
            "Reads the file of <insert the name of the file>.",
        ),
        (OVERVIEW, "<your overview>"),
        (
            OVERVIEW,
            "How the parts work together, in a few paragraphs.",
        ),
        (OVERVIEW, "{\"type\": \"string\"}"),
        (OVERVIEW, "\"type\": \"string\""),
        (TITLE, "{{title}}"),
        (NAME, "<name>"),
        (DESCRIPTION, "What is to be done, as markdown."),
        (
            PURPOSE,
            "{\"type\": \"string\", \"description\": \"What the file is for.\"}",
        ),
        (PROBLEM, "What is missing or wrong today."),
    ] {
        assert_eq!(
            rules(phase, at, text),
            ["content.template"],
            "{text:?} at {at}"
        );
    }
}

#[test]
fn honest_texts_that_look_like_templates_pass() {
    for ((phase, at), text) in [
        (
            REQUIREMENT,
            "When a page holds {{name}}, the program shall replace it by the name.",
        ),
        (REQUIREMENT, "The program shall accept `<name>`."),
        (
            REQUIREMENT,
            "If x < 5 and y > 3, then the program shall stop.",
        ),
        (
            CRITERION,
            "After signing in, the page shows Welcome, [your name].",
        ),
        (
            CRITERION,
            "With HOME=${HOME}, the file lies in the home folder.",
        ),
        (NAME, "Vec<T>"),
        (NAME, "Result<Value>"),
        (NAME, "<Header>"),
        (NAME, "__FILE__ reader"),
        (RESPONSIBILITY, "Runs __init__ of each module."),
        (PURPOSE, "{{ value }}"),
        (PURPOSE, "Maps <insert id=\"x\"> to a statement"),
        (
            DESCRIPTION,
            "Add the field \"type\": \"string\" to the schema.",
        ),
        (
            OVERVIEW,
            "How the parts work together is decided by the scheduler.",
        ),
    ] {
        assert_eq!(rules(phase, at, text), [""; 0], "{text:?} at {at}");
    }
}

#[test]
fn code_paths_and_values_of_a_choice_are_not_read_as_prose() {
    let found = errors(IDEA, Phase::Design, |document| {
        document["components"][0]["interfaces"][0]["inputs"] = json!("string");
        document["components"][0]["type"] = json!("test");
        document["data_models"][0]["fields"]["words"] = json!("string");
        document["architecture_diagram"] = json!("...");
    });
    assert_eq!(found, []);
    let found = errors(IDEA, Phase::Explore, |document| {
        document["key_files"][0]["evidence"][0]["excerpt"] = json!("TODO: {{x}}");
        document["structure"]["docs"] = json!("Documentation");
    });
    assert_eq!(found, []);
}

fn only_requirement(document: &mut Value, text: &str, criterion: &str) {
    let mut requirement = document["requirements"][0].clone();
    requirement["text"] = json!(text);
    requirement["acceptance_criteria"][0]["text"] = json!(criterion);
    document["requirements"] = json!([requirement]);
    document["user_stories"] = json!([]);
}

#[test]
fn a_requirement_that_is_the_idea_is_refused() {
    let at = "/requirements/0/text".to_owned();
    let expected = vec![(at, "content.echo".to_owned())];
    let wrapped =
        "The system shall cache responses of the weather API for ten minutes using Redis.";
    for (idea, text, criterion) in [
        (IDEA, IDEA, "A second request sends nothing over the wire."),
        (IDEA, wrapped, "It works as expected."),
        (
            IDEA,
            wrapped,
            "When tested, the responses of the weather API are in Redis.",
        ),
        (
            "I want to rotate all logs daily",
            "Rotate all logs daily!",
            "The folder holds seven files after a week.",
        ),
        (
            LONG_IDEA,
            &format!("The system shall do this: {LONG_IDEA}"),
            "The search history is done.",
        ),
        (
            LONG_IDEA,
            &LONG_IDEA
                .replace("Please add", "Add")
                .replace("typing it again", "typing it"),
            "After a search, the list shows its words first.",
        ),
    ] {
        let found = errors(idea, Phase::Requirements, |document| {
            only_requirement(document, text, criterion);
        });
        assert_eq!(found, expected, "{text}");
    }
    let very_long = format!("{LONG_IDEA}. {LONG_IDEA}");
    let found = errors(&very_long, Phase::Requirements, |document| {
        let text = format!("The system shall {very_long}");
        only_requirement(
            document,
            &text,
            "After a search, the list shows its words first.",
        );
    });
    assert_eq!(found, expected);
}

#[test]
fn a_criterion_that_is_the_idea_is_refused() {
    let at = "/requirements/0/acceptance_criteria/0/text".to_owned();
    let found = errors(IDEA, Phase::Requirements, |document| {
        document["requirements"][0]["acceptance_criteria"][0]["text"] = json!(format!("{IDEA}."));
    });
    assert_eq!(found, [(at, "content.echo".to_owned())]);
}

#[test]
fn an_idea_that_is_precise_may_become_a_requirement() {
    for (idea, text, criterion) in [
        (
            IDEA,
            "The system shall cache responses of the weather API for ten minutes using Redis.",
            "When the same city is asked twice within a minute, one request leaves the machine.",
        ),
        (
            "When a search has finished, the program shall append its words to the history file.",
            "When a search has finished, the program shall append its words to the history file.",
            "After a search for `fox`, the last line of the file is `fox`.",
        ),
        // One word more in eleven: not yet nine of ten sequences of three.
        (
            IDEA,
            "Cache the responses of the weather API for ten minutes using Redis",
            "When the same city is asked twice within a minute, one request leaves the machine.",
        ),
        (
            "Fix pagination",
            "The system shall fix pagination.",
            "Pagination works.",
        ),
        (
            IDEA,
            "The system shall provide what the idea describes as “Cache responses of the weather \
             API for ten minutes using Redis”.",
            "When a reviewer tries the result, it holds what the idea says: “Cache responses of \
             the weather API for ten minutes using Redis”.",
        ),
    ] {
        let found = errors(idea, Phase::Requirements, |document| {
            only_requirement(document, text, criterion);
        });
        assert_eq!(found, [], "{text}");
    }
}

#[test]
fn a_title_may_be_the_idea_unless_that_is_no_title() {
    for idea in ["dark mode", IDEA] {
        let found = errors(idea, Phase::Tasks, |document| {
            document["tickets"][0]["title"] = json!(idea);
            document["tasks"][0]["title"] = json!(idea);
        });
        assert_eq!(found, [], "{idea}");
    }
    let found = errors(LONG_IDEA, Phase::Tasks, |document| {
        document["tasks"][0]["title"] = json!(LONG_IDEA);
    });
    assert_eq!(
        found,
        [("/tasks/0/title".to_owned(), "content.echo".to_owned())]
    );
}

#[test]
fn a_description_an_overview_and_a_summary_that_are_the_idea_are_refused() {
    let found = errors(IDEA, Phase::Tasks, |document| {
        document["tasks"][0]["description"] = json!(IDEA);
    });
    let echo = "content.echo".to_owned();
    assert_eq!(found, [("/tasks/0/description".to_owned(), echo.clone())]);
    let found = errors(IDEA, Phase::Design, |document| {
        document["architecture_overview"] = json!(format!("The system shall {IDEA}"));
    });
    assert_eq!(found, [("/architecture_overview".to_owned(), echo.clone())]);
    let summary = |document: &mut Value, problem: &str| {
        document["feature_summary"]["one_liner"] = json!(IDEA);
        document["feature_summary"]["problem_statement"] = json!(problem);
        document["feature_summary"]["scope_in"] = json!([IDEA]);
    };
    let found = errors(IDEA, Phase::Explore, |document| summary(document, IDEA));
    assert_eq!(found, [("/feature_summary".to_owned(), echo)]);
    let problem = "Each page asks the service again.";
    let found = errors(IDEA, Phase::Explore, |document| summary(document, problem));
    assert_eq!(found, []);
}

fn copies(found: &[(String, String)]) -> Vec<&str> {
    assert!(
        found.iter().all(|(_, rule)| rule == "content.copy"),
        "{found:?}"
    );
    found.iter().map(|(at, _)| at.as_str()).collect()
}

#[test]
fn criteria_that_are_the_same_for_most_requirements_are_refused() {
    let same = |document: &mut Value, places: &[usize]| {
        for place in places {
            let criteria = &mut document["requirements"][*place]["acceptance_criteria"];
            criteria.as_array_mut().unwrap().truncate(1);
            criteria[0]["text"] = json!("All of it works in every browser.");
        }
    };
    let found = errors(IDEA, Phase::Requirements, |document| {
        same(document, &[0, 1, 3]);
    });
    assert_eq!(
        copies(&found),
        [0, 1, 3].map(|index| format!("/requirements/{index}/acceptance_criteria"))
    );
    let found = errors(IDEA, Phase::Requirements, |document| {
        same(document, &[0, 1]);
    });
    assert_eq!(found, []);
    // One that is shared is no harm where each has another of its own.
    let found = errors(IDEA, Phase::Requirements, |document| {
        for index in 0..4 {
            let criteria = &mut document["requirements"][index]["acceptance_criteria"];
            let id = format!("AC-10{index}");
            let shared = json!({"id": id, "text": "The tests that passed before pass."});
            criteria.as_array_mut().unwrap().push(shared);
        }
    });
    assert_eq!(found, []);
}

#[test]
fn criteria_that_only_say_their_requirement_again_are_refused() {
    let text = fixture::outputs().requirements.requirements[3].text.clone();
    let at = "/requirements/3/acceptance_criteria";
    let found = errors(IDEA, Phase::Requirements, |document| {
        document["requirements"][3]["acceptance_criteria"][0]["text"] = json!(text);
    });
    assert_eq!(copies(&found), [at]);
    let found = errors(IDEA, Phase::Requirements, |document| {
        let own = document["requirements"][3]["acceptance_criteria"][0].clone();
        document["requirements"][3]["acceptance_criteria"] =
            json!([own, {"id": "AC-100", "text": text}]);
    });
    assert_eq!(found, []);
}

#[test]
fn one_text_for_most_components_decisions_or_tasks_is_refused() {
    let many = |list: &mut Value, count: usize| {
        let item = list[0].clone();
        *list = (0..count).map(|_| item.clone()).collect();
    };
    let found = errors(IDEA, Phase::Design, |document| {
        many(&mut document["decisions"], 3);
    });
    let places = [0, 1, 2].map(|index| format!("/decisions/{index}/rationale"));
    assert_eq!(copies(&found), places);
    let found = errors(IDEA, Phase::Design, |document| {
        many(&mut document["decisions"], 2);
    });
    assert_eq!(found, []);
    let found = errors(IDEA, Phase::Design, |document| {
        let component = document["components"][1].clone();
        let more = (0..4).map(|index| {
            let mut component = component.clone();
            component["name"] = json!(format!("Part {index}"));
            component
        });
        document["components"].as_array_mut().unwrap().extend(more);
    });
    assert_eq!(copies(&found).len(), 5, "{found:?}");
    let same = |document: &mut Value, field: &str, text: &str, places: &[usize]| {
        for place in places {
            document["tasks"][*place][field] = json!(text);
        }
    };
    for field in ["title", "description"] {
        let text = "Do the next step of it.";
        let found = errors(IDEA, Phase::Tasks, |document| {
            same(document, field, text, &[0, 1, 2]);
        });
        assert_eq!(
            copies(&found),
            [0, 1, 2].map(|index| format!("/tasks/{index}/{field}"))
        );
        let found = errors(IDEA, Phase::Tasks, |document| {
            same(document, field, text, &[0, 3]);
        });
        assert_eq!(found, []);
        let found = errors(IDEA, Phase::Tasks, |document| {
            same(document, field, "Write the tests", &[0, 1, 2]);
        });
        assert_eq!(found, []);
    }
}

#[test]
fn tasks_that_are_requirements_copied_are_refused() {
    let texts: Vec<String> = fixture::outputs()
        .requirements
        .requirements
        .into_iter()
        .map(|requirement| requirement.text)
        .collect();
    let copied = |document: &mut Value, count: usize| {
        for (index, text) in texts.iter().enumerate().take(count) {
            document["tasks"][index]["description"] = json!(text);
        }
    };
    let found = errors(IDEA, Phase::Tasks, |document| copied(document, 3));
    assert_eq!(
        copies(&found),
        [0, 1, 2].map(|index| format!("/tasks/{index}/description"))
    );
    assert_eq!(
        errors(IDEA, Phase::Tasks, |document| copied(document, 2)),
        []
    );
}

#[test]
fn sentences_of_the_instructions_are_no_content() {
    for text in [
        "Split the work into tickets and tasks. A task says what is to be done, in which files, what \
         it waits for, and how one sees that it is done: a command that passes, or something that \
         can be observed.",
        "The system works. Write user stories, and requirements in one of these patterns (EARS):",
        "Say what the change shall achieve, so that others can tell whether it does",
    ] {
        let (phase, at) = OVERVIEW;
        assert_eq!(rules(phase, at, text), ["content.copy"], "{text}");
    }
    for text in [
        "Split the work.",
        "A task says what is to be done.",
        "The prompt says “Say what the change shall achieve, so that others can tell whether it does”.",
    ] {
        let (phase, at) = OVERVIEW;
        assert_eq!(rules(phase, at, text), [""; 0], "{text}");
    }
}

#[test]
fn every_sentence_of_the_instructions_that_is_long_enough_is_known() {
    let explore = crate::agent::built_in_instructions().nth(1).unwrap();
    let (phase, at) = OVERVIEW;
    assert_eq!(rules(phase, at, explore), ["content.copy"]);
}

/// Many small texts, a few long ones, and texts full of marks.
#[test]
fn a_long_document_is_judged_in_bounded_time() {
    let begun = std::time::Instant::now();
    let long_idea = "word ".repeat(9_000);
    let texts: [(usize, String); 4] = [
        (2_000, "Say what it does for each of them. ".repeat(8)),
        (2, "word ".repeat(200_000)),
        (2, "<[{{`“\"".repeat(100_000)),
        (2_000, "TODO ".repeat(20)),
    ];
    for (count, text) in texts {
        let found = checked(&long_idea, Phase::Tasks, |document| {
            let task = document["tasks"][0].clone();
            let tasks = (0..count).map(|index| {
                let mut task = task.clone();
                task["id"] = json!(format!("TSK-{index:06}"));
                task["description"] = json!(text);
                task
            });
            document["tasks"] = tasks.collect();
        });
        assert!(!found.is_accepted());
    }
    // Far more than it takes without optimisation; what grows with the square takes hours.
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}

fn any_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "\\PC{0,20}",
        "[<>{}\\[\\]_$`“”\"é. ]{0,20}",
        Just(IDEA.to_owned()),
        Just("TODO: ".to_owned()),
        Just("The system shall ".to_owned()),
        Just("<insert ".to_owned()),
        Just("[NEEDS CLARIFICATION".to_owned()),
    ];
    proptest::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_judged(text in any_text(), idea in any_text()) {
        for (phase, at) in [
            OVERVIEW, RESPONSIBILITY, REQUIREMENT, CRITERION, DESCRIPTION, TITLE, NAME, PURPOSE,
            PROBLEM, ASSUMPTION, NOTES,
        ] {
            let checked = checked(&idea, phase, |document| {
                *document.pointer_mut(at).unwrap() = json!(text);
            });
            prop_assert!(checked.output.is_some() || text.is_empty());
        }
    }
}

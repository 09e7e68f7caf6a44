//! Rendered documents, read as a reader of Markdown would.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::Policy;
use crate::clock::Timestamp;
use crate::id::{AgentName, CommitId, ProjectId, Revision, SpecId, UserId};
use crate::phase::Phase;
use crate::spec::{Description, MACHINE_VERSION, Phases, Title};
use crate::status::{PhaseStatus, SpecStatus};
use crate::sync::{PartialOutputs, sync_report};
use crate::testing::fixture;
use crate::usage::Usage;

fn spec() -> Spec {
    let at = Timestamp::from_micros(0);
    Spec {
        id: SpecId::from_uuid(Uuid::from_u128(7)),
        project_id: ProjectId::new("demo").unwrap(),
        owner: UserId::new("ada").unwrap(),
        title: Title::new("Search history").unwrap(),
        description: Description::new("Remember my searches.\n<b>All</b> of them | please")
            .unwrap(),
        policy: Policy::default(),
        agent: AgentName::new("scripted").unwrap(),
        status: SpecStatus::Draft,
        ending: None,
        phases: Phases::default(),
        commit: Some(CommitId::new("0123456789abcdef").unwrap()),
        failure: None,
        usage: Usage::default(),
        revision: Revision::new(1),
        machine_version: MACHINE_VERSION,
        created_at: at,
        updated_at: at,
        archived_at: None,
    }
}

fn rendered(outputs: &Outputs) -> [String; 3] {
    let sync = sync_report("search-history", outputs, None);
    let files = markdown(&spec(), outputs, &sync);
    let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["requirements.md", "design.md", "tasks.md"]);
    let mut texts = files.into_iter().map(|file| file.text);
    std::array::from_fn(|_| texts.next().unwrap())
}

fn assert_holds(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

#[test]
fn requirements_show_the_idea_stories_requirements_and_where_they_went() {
    let [text, _, _] = rendered(&fixture::outputs());
    assert_holds(
        &text,
        &[
            "# Search history: requirements\n",
            "> Remember my searches.\\\n> \\<b\\>All\\</b\\> of them \\| please\n",
            "- **US-001** (High): As a person who searches, I want to see my past searches, so that I can",
            "<a id=\"req-hist-func-001\"></a>\n\n### REQ-HIST-FUNC-001: Remember searches\n",
            "> **When** a search has finished, the program **shall** append its words",
            "> **If** the history file cannot be written, **then** the program **shall** print",
            "- [ ] **AC-001** After a search for `fox`, the last line of the history file is `fox`.",
            "Needs [REQ-HIST-FUNC-001](#req-hist-func-001).",
            "| [REQ-HIST-FUNC-002](#req-hist-func-002) List searches | History, Entry point | \
             [TSK-003](tasks.md#tsk-003), [TSK-004](tasks.md#tsk-004) | yes |",
        ],
    );
}

#[test]
fn design_shows_its_diagram_parts_decisions_and_risks() {
    let [_, text, _] = rendered(&fixture::outputs());
    assert_holds(
        &text,
        &[
            "```mermaid\nflowchart LR\n  main --> history\n",
            "| **History** | module | src/history.rs (new) | Owns the history file",
            "| append | words | success or an I/O error |",
            "### A text file with one search per line\n",
            "Instead of: SQLite; JSON",
            "| Two searches at once write the same line |",
        ],
    );
}

#[test]
fn tasks_show_their_order_and_what_they_are_for() {
    let [_, _, text] = rendered(&fixture::outputs());
    assert_holds(
        &text,
        &[
            "4 tasks in 2 tickets, 7 h of work.",
            "| 2 | [TSK-002](#tsk-002), [TSK-003](#tsk-003) |",
            "Critical path, 5.5 h: [TSK-001](#tsk-001) → [TSK-003](#tsk-003) → [TSK-004](#tsk-004)",
            "  t0[\"TSK-001 Write the history module\"]:::critical\n",
            "  t0 --> t2\n",
            "## TKT-002: Show the history\n\nMedium · size M · after TKT-001\n",
            "- [ ] Implementation, 3 h\n",
            "- Requirements: [REQ-HIST-FUNC-001](requirements.md#req-hist-func-001), ",
            "- After: [TSK-001](#tsk-001)\n",
            "- Changes: `src/main.rs`\n",
        ],
    );
}

#[test]
fn every_file_ends_with_how_it_was_made() {
    for text in rendered(&fixture::outputs()) {
        let last = text.lines().last().unwrap();
        assert_eq!(
            last,
            "Made by agent `scripted` from commit `0123456789abcdef` for spec \
             `00000000-0000-0000-0000-000000000007`. Checks, order and coverage are computed."
        );
    }
}

#[test]
fn a_diagram_cannot_leave_its_block() {
    let mut outputs = fixture::outputs();
    outputs.design.architecture_diagram = "```mermaid\ngraph TD\n```".to_owned();
    assert_holds(&rendered(&outputs)[1], &["```mermaid\ngraph TD\n```\n"]);
    outputs.design.architecture_diagram = "graph TD\n```\n# Owned".to_owned();
    assert_holds(
        &rendered(&outputs)[1],
        &["````mermaid\ngraph TD\n```\n# Owned\n````\n"],
    );
}

#[test]
fn a_title_cannot_leave_its_node() {
    let mut outputs = fixture::outputs();
    outputs.tasks.tasks[0].title = "a\"]\nclick t0 \"x".to_owned();
    assert_holds(
        &rendered(&outputs)[2],
        &["t0[\"TSK-001 a#quot;] click t0 #quot;x\"]"],
    );
}

#[test]
fn every_link_between_the_files_leads_to_an_anchor() {
    let texts = rendered(&fixture::outputs());
    for (own, text) in texts.iter().enumerate() {
        for link in text.split("](").skip(1) {
            let Some((file, anchor)) = link.split(')').next().unwrap().split_once('#') else {
                continue;
            };
            let file = match file {
                "" => own,
                "requirements.md" => 0,
                "design.md" => 1,
                "tasks.md" => 2,
                other => panic!("{other}"),
            };
            assert!(
                texts[file].contains(&format!("<a id=\"{anchor}\"></a>")),
                "{anchor}"
            );
        }
    }
}

fn cells(row: &str) -> usize {
    row.replace(r"\\", "")
        .replace(r"\|", "")
        .matches('|')
        .count()
}

/// The lines that stand in no block of code, where a `|` is but a character.
fn outside_code(text: &str) -> impl Iterator<Item = &str> {
    let mut fence: Option<&str> = None;
    text.lines().filter(move |line| {
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        let was_outside = fence.is_none();
        match fence {
            None if ticks.len() >= 3 => fence = Some(ticks),
            Some(open) if *line == open => fence = None,
            None | Some(_) => {}
        }
        was_outside && fence.is_none()
    })
}

/// The whole of what there is, with the first `phases` of four.
fn partial(outputs: &Outputs, phases: usize) -> PartialOutputs {
    let Outputs {
        explore,
        requirements,
        design,
        tasks,
    } = outputs.clone();
    PartialOutputs {
        explore: (phases > 0).then_some(explore),
        requirements: (phases > 1).then_some(requirements),
        design: (phases > 2).then_some(design),
        tasks: (phases > 3).then_some(tasks),
        repository_commit: None,
    }
}

fn whole(outputs: &Outputs, phases: usize) -> String {
    let partial = partial(outputs, phases);
    document(&spec(), &partial, partial.trace("search-history").as_ref())
}

fn headings(text: &str, mark: &str) -> Vec<String> {
    let found = outside_code(text).filter_map(|line| line.strip_prefix(mark));
    found.map(str::to_owned).collect()
}

#[test]
fn one_document_holds_what_there_is_so_far() {
    let sections = [
        "Idea",
        "Exploration",
        "Requirements",
        "Design",
        "Tasks",
        "Coverage",
    ];
    for phases in 0..=4 {
        let text = whole(&fixture::outputs(), phases);
        let expected = if phases == 4 { 6 } else { phases + 1 };
        assert_eq!(headings(&text, "## "), sections[..expected]);
        assert_eq!(headings(&text, "# "), ["Search history"]);
    }
    let draft = whole(&fixture::outputs(), 0);
    assert_holds(
        &draft,
        &[
            "```text\nRemember my searches.\n<b>All</b> of them | please\n```\n",
            "\nNo phase has been completed yet.\n",
        ],
    );
    assert!(!draft.contains("Made by"));
}

#[test]
fn one_document_says_which_results_are_not_final() {
    let again = "*From an earlier run: this phase is to be done again.*";
    let outputs = fixture::outputs();
    for (status, marked) in [
        (PhaseStatus::Completed, None),
        (PhaseStatus::AwaitingApproval, Some("*Awaiting approval.*")),
        (PhaseStatus::Running, Some(again)),
        (PhaseStatus::Failed, Some(again)),
        (PhaseStatus::Stale, Some(again)),
    ] {
        let mut spec = spec();
        spec.phases.get_mut(Phase::Design).status = status;
        let text = document(&spec, &partial(&outputs, 4), None);
        let (_, design) = text.split_once("\n## Design\n\n").unwrap();
        let first = design.lines().next().unwrap();
        assert_eq!(first.starts_with('*').then_some(first), marked, "{status}");
        let marks = text.matches(again).count() + text.matches("*Awaiting approval.*").count();
        assert_eq!(marks, usize::from(marked.is_some()), "{status}");
    }
}

#[test]
fn one_document_links_within_itself() {
    let text = whole(&fixture::outputs(), 4);
    let mut links = 0;
    for link in text.split("](").skip(1) {
        let link = link.split(')').next().unwrap();
        let anchor = link.strip_prefix('#').unwrap_or_else(|| panic!("{link}"));
        assert!(
            text.contains(&format!("<a id=\"{anchor}\"></a>")),
            "{anchor}"
        );
        links += 1;
    }
    assert!(links > 10);
    assert_holds(
        &text,
        &[
            "\n### The feature\n",
            "\n#### TSK-001: ",
            "[TSK-003](#tsk-003), [TSK-004](#tsk-004) | yes |",
        ],
    );
}

proptest! {
    #[test]
    fn hostile_text_adds_no_section_to_one_document(
        text in "[|\\\\`\n\r<>#a\"~=-]{1,24}|\\PC{1,20}",
    ) {
        let mut outputs = fixture::outputs();
        let explore = &mut outputs.explore;
        explore.codebase_summary.clone_from(&text);
        explore.project_type.clone_from(&text);
        explore.feature_summary.name.clone_from(&text);
        explore.feature_summary.scope_in[0].clone_from(&text);
        explore.key_files[0].path.clone_from(&text);
        explore.key_files[0].evidence[0].path.clone_from(&text);
        explore.structure.insert(text.clone(), text.clone());
        explore.notes.clone_from(&text);
        outputs.requirements.requirements[0].notes.clone_from(&text);
        outputs.design.architecture_overview.clone_from(&text);
        outputs.tasks.tasks[0].description.clone_from(&text);
        let typed = whole(&outputs, 4);
        prop_assert_eq!(headings(&typed, "# "), ["Search history"], "{}", typed);
        prop_assert_eq!(headings(&typed, "## ").len(), 6, "{}", typed);
        let html = |line: &&str| line.trim_start().starts_with('<') && !line.starts_with("<a id=\"");
        prop_assert_eq!(outside_code(&typed).find(html), None);
        let mut said = spec();
        if let Ok(description) = Description::new(text.clone()) {
            said.description = description;
            let partial = PartialOutputs::default();
            let text = document(&said, &partial, None);
            let parts = outside_code(&text).collect::<Vec<_>>();
            prop_assert_eq!(parts.last(), Some(&"No phase has been completed yet."));
            prop_assert!(text.contains(said.description.as_str()));
        }
    }

    #[test]
    fn hostile_text_breaks_no_table_and_no_heading(
        text in "[|\\\\`\n<>#a\"-]{1,16}|\\PC{1,20}", indent in 0usize..3,
    ) {
        let mut outputs = fixture::outputs();
        let text = format!("{}{text}", " ".repeat(indent));
        outputs.requirements.requirements[0].title.clone_from(&text);
        outputs.requirements.requirements[0].text.clone_from(&text);
        outputs.requirements.user_stories[0].role.clone_from(&text);
        outputs.design.components[0].name.clone_from(&text);
        outputs.design.components[0].responsibility.clone_from(&text);
        outputs.design.components[0].file_path.clone_from(&text);
        outputs.design.decisions[0].rationale.clone_from(&text);
        outputs.tasks.tasks[0].title.clone_from(&text);
        outputs.tasks.tickets[0].description.clone_from(&text);
        let clean = rendered(&fixture::outputs());
        for (text, clean) in rendered(&outputs).iter().zip(&clean) {
            let rows = |text: &str| -> Vec<usize> {
                outside_code(text).filter(|row| row.starts_with('|')).map(cells).collect()
            };
            prop_assert_eq!(rows(text), rows(clean), "{}", text);
            prop_assert!(text.ends_with("computed.\n"));
        }
    }
}

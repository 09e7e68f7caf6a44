//! The offline agent on small repositories: what it says is true, and its outputs fit together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use spec_core::Phase;
use spec_core::artifact::{
    DesignOutput, ExploreOutput, PhaseOutput, RequirementsOutput, TasksOutput,
};
use spec_core::spec::{Description, Title};
use spec_examples::offline_agent::{Request, draft};

const PHASES: [Phase; 4] = [
    Phase::Explore,
    Phase::Requirements,
    Phase::Design,
    Phase::Tasks,
];

struct Outputs {
    explore: ExploreOutput,
    requirements: RequirementsOutput,
    design: DesignOutput,
    tasks: TasksOutput,
    raw: BTreeMap<Phase, Value>,
    lines: BTreeMap<Phase, usize>,
}

fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn draft_all(root: &Path, title: &str, idea: &str) -> Outputs {
    let title = Title::new(title).unwrap();
    let description = Description::new(idea).unwrap();
    let mut raw = BTreeMap::new();
    let mut lines = BTreeMap::new();
    for phase in PHASES {
        let request = Request {
            title: &title,
            description: &description,
            repository: root,
            outputs: &raw,
        };
        let mut count = 0;
        let output = draft(phase, &request, &mut |_| count += 1).unwrap();
        raw.insert(phase, output);
        lines.insert(phase, count);
    }
    let parsed = |phase| PhaseOutput::parse(phase, &raw[&phase]).unwrap();
    let (
        PhaseOutput::Explore(explore),
        PhaseOutput::Requirements(requirements),
        PhaseOutput::Design(design),
        PhaseOutput::Tasks(tasks),
    ) = (
        parsed(Phase::Explore),
        parsed(Phase::Requirements),
        parsed(Phase::Design),
        parsed(Phase::Tasks),
    )
    else {
        panic!("a phase was read as another");
    };
    Outputs {
        explore: *explore,
        requirements: *requirements,
        design: *design,
        tasks: *tasks,
        raw,
        lines,
    }
}

fn unique<T: Ord>(items: impl IntoIterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    items.into_iter().all(|item| seen.insert(item))
}

fn assert_coherent(root: &Path, all: &Outputs) {
    assert!(
        all.lines.values().all(|lines| *lines >= 5),
        "{:?}",
        all.lines
    );
    for (pointer, evidence) in all.explore.evidence() {
        let text = fs::read_to_string(root.join(&evidence.path)).unwrap();
        let line = text.lines().nth(evidence.line as usize - 1).unwrap();
        assert!(line.contains(&evidence.excerpt), "{pointer} {evidence:?}");
        assert!(!evidence.excerpt.is_empty() && evidence.excerpt.chars().count() <= 160);
    }
    assert_requirements(&all.requirements);
    let ids: BTreeSet<_> = all
        .requirements
        .requirements
        .iter()
        .map(|r| r.id.clone())
        .collect();
    assert_design(root, &all.design, &ids);
    assert_tasks(&all.tasks, &ids);
}

fn assert_requirements(output: &RequirementsOutput) {
    assert!(unique(output.requirements.iter().map(|r| &r.id)));
    assert!(unique(
        output.requirements.iter().map(|r| r.text.to_lowercase())
    ));
    assert!(unique(
        output
            .requirements
            .iter()
            .flat_map(|r| &r.acceptance_criteria)
            .map(|c| &c.id)
    ));
    for requirement in &output.requirements {
        assert!(requirement.id.is_well_formed(), "{}", requirement.id);
        assert!(
            !requirement.acceptance_criteria.is_empty(),
            "{}",
            requirement.text
        );
        assert_eq!(
            requirement
                .text
                .split_whitespace()
                .filter(|w| *w == "shall")
                .count(),
            1,
            "{}",
            requirement.text
        );
        assert!(!requirement.title.trim().is_empty());
        for criterion in &requirement.acceptance_criteria {
            assert!(criterion.id.is_well_formed());
            assert!(criterion.text.len() > 10, "{}", criterion.text);
        }
    }
    assert!(output.questions.iter().all(|q| q.id.is_well_formed()));
    assert!(
        output
            .user_stories
            .iter()
            .all(|s| !s.requirements.is_empty() && !s.want.is_empty())
    );
    assert!(output.notes.contains("no language model was used"));
}

fn assert_design(
    root: &Path,
    output: &DesignOutput,
    ids: &BTreeSet<spec_core::artifact::RequirementId>,
) {
    let names: BTreeSet<_> = output.components.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names.len(), output.components.len());
    for component in &output.components {
        assert_eq!(
            root.join(&component.file_path).is_file(),
            component.exists,
            "{}",
            component.file_path
        );
        assert!(component.requirements.iter().all(|id| ids.contains(id)));
        assert!(!component.requirements.is_empty());
        assert!(
            component
                .dependencies
                .iter()
                .all(|name| names.contains(name.as_str()))
        );
    }
    assert!(ids.iter().all(|id| {
        output
            .components
            .iter()
            .any(|c| c.requirements.contains(id))
    }));
    assert!(output.decisions.iter().all(|d| !d.alternatives.is_empty()));
    assert!(output.risks.iter().all(|r| !r.mitigation.is_empty()));
}

fn assert_tasks(output: &TasksOutput, ids: &BTreeSet<spec_core::artifact::RequirementId>) {
    let order: BTreeMap<_, _> = output
        .tasks
        .iter()
        .enumerate()
        .map(|(at, task)| (&task.id, at))
        .collect();
    assert_eq!(order.len(), output.tasks.len());
    for (at, task) in output.tasks.iter().enumerate() {
        assert!(task.id.is_well_formed());
        assert!((1.0..=4.0).contains(&task.estimated_hours));
        // Every task waits for earlier ones only, so there is no cycle.
        assert!(
            task.dependencies
                .depends_on
                .iter()
                .all(|before| order[before] < at)
        );
        assert!(
            task.dependencies
                .blocks
                .iter()
                .all(|after| order[after] > at)
        );
        let ticket = output
            .tickets
            .iter()
            .find(|t| t.id == task.parent_ticket)
            .unwrap();
        assert!(ticket.tasks.contains(&task.id));
        assert!(!task.acceptance_criteria.is_empty());
        assert!(
            task.requirements_addressed
                .iter()
                .all(|id| ids.contains(id))
        );
    }
    assert!(ids.iter().all(|id| {
        output
            .tasks
            .iter()
            .any(|t| t.requirements_addressed.contains(id))
    }));
    for (at, ticket) in output.tickets.iter().enumerate() {
        assert!(ticket.id.is_well_formed());
        let earlier = |id: &spec_core::artifact::TicketId| {
            output.tickets.iter().take(at).any(|t| t.id == *id)
        };
        assert!(ticket.dependencies.blocked_by.iter().all(earlier));
        assert!(!ticket.tasks.is_empty());
    }
    assert!(unique(output.tasks.iter().flat_map(|t| &t.files_to_create)));
}

const IDEA: &str =
    "Add user authentication with Google OAuth, email/password login and password reset";

fn entry_paths(all: &Outputs) -> Vec<&str> {
    all.explore
        .entry_points
        .iter()
        .map(|entry| entry.path.as_str())
        .collect()
}

#[test]
fn a_rust_service_is_understood() {
    let folder = repository(&[
        (
            "Cargo.toml",
            "[package]\nname = \"shop\"\n\n[dependencies]\naxum = \"0.8\"\ntokio = { version = \"1\" }\n",
        ),
        (
            "src/main.rs",
            "mod session;\n\nfn main() {\n    session::start();\n}\n",
        ),
        (
            "src/session.rs",
            "/// A login session.\npub struct Session {\n    pub user: String,\n    pub token: u64,\n}\n\npub fn start() {}\n\n#[cfg(test)]\nmod tests {}\n",
        ),
    ]);
    let all = draft_all(folder.path(), "Sign in", IDEA);
    assert_coherent(folder.path(), &all);
    assert_eq!(all.explore.project_type, "Rust service");
    assert_eq!(entry_paths(&all), ["src/main.rs"]);
    assert!(all.explore.tech_stack.contains(&"axum".to_owned()));
    assert_eq!(all.explore.existing_models[0].fields, ["user", "token"]);
    assert_eq!(all.requirements.user_stories.len(), 3);
    assert!(
        all.requirements.requirements[0]
            .text
            .contains("the shop service shall")
    );
    assert!(
        all.design
            .components
            .iter()
            .any(|c| c.file_path == "src/password_reset.rs")
    );
    assert!(
        all.tasks
            .tasks
            .iter()
            .any(|t| t.files_to_create == ["tests/password_reset.rs"])
    );
}

#[test]
fn a_python_project_is_understood() {
    let folder = repository(&[
        (
            "pyproject.toml",
            "[project]\nname = \"notes\"\ndependencies = [\n  \"flask>=3\",\n]\n\n[project.scripts]\nnotes = \"notes.cli:main\"\n",
        ),
        ("notes/__init__.py", "from .app import app\n"),
        (
            "notes/cli.py",
            "def main():\n    pass\n\n\nif __name__ == \"__main__\":\n    main()\n",
        ),
        (
            "notes/app.py",
            "from flask import Flask\n\napp = Flask(__name__)\n\n\nclass Note:\n    \"\"\"A note: with text.\"\"\"\n\n    title: str\n    body: str\n",
        ),
        ("tests/test_app.py", "def test_it():\n    assert True\n"),
    ]);
    let all = draft_all(
        folder.path(),
        "Export",
        "Users can export notes as CSV so that they can archive them",
    );
    assert_coherent(folder.path(), &all);
    assert!(entry_paths(&all).contains(&"notes/cli.py"));
    assert!(entry_paths(&all).contains(&"notes/app.py"));
    assert!(all.explore.test_structure.contains("python -m pytest"));
    let model = &all.explore.existing_models[0];
    assert_eq!(
        (model.name.as_str(), model.fields.join(" ").as_str()),
        ("Note", "title body")
    );
    assert!(
        all.requirements.requirements[0]
            .text
            .ends_with("shall let users export notes as CSV.")
    );
    assert_eq!(
        all.requirements.user_stories[0].benefit,
        "they can archive them"
    );
    assert!(
        all.tasks
            .tasks
            .iter()
            .any(|t| t.files_to_create == ["tests/test_export_notes_csv.py"])
    );
}

#[test]
fn a_javascript_project_is_understood() {
    let folder = repository(&[
        (
            "package.json",
            "{\n  \"name\": \"todo-api\",\n  \"main\": \"src/server.js\",\n  \"scripts\": {\n    \"start\": \"node src/server.js\"\n  },\n  \"dependencies\": {\n    \"express\": \"^4\"\n  },\n  \"devDependencies\": {\n    \"jest\": \"^29\"\n  }\n}\n",
        ),
        (
            "src/server.js",
            "const express = require('express');\nconst app = express();\napp.listen(3000);\n",
        ),
        ("src/server.test.js", "test('it', () => {});\n"),
    ]);
    let all = draft_all(
        folder.path(),
        "Search",
        "Add a search endpoint GET /search for items",
    );
    assert_coherent(folder.path(), &all);
    assert!(entry_paths(&all).contains(&"src/server.js"));
    assert!(all.explore.tech_stack.contains(&"Express".to_owned()));
    assert!(all.explore.test_structure.contains("Jest"));
    assert!(
        all.tasks
            .tasks
            .iter()
            .flat_map(|t| &t.files_to_create)
            .any(|path| path.ends_with(".test.js"))
    );
}

#[test]
fn a_go_program_is_understood() {
    let folder = repository(&[
        (
            "go.mod",
            "module example.com/acme/mailer\n\ngo 1.22\n\nrequire github.com/gin-gonic/gin v1.9.0\n",
        ),
        ("cmd/mailer/main.go", "package main\n\nfunc main() {\n}\n"),
        (
            "internal/queue/queue.go",
            "package queue\n\n// Message waits for delivery.\ntype Message struct {\n\tTo string\n\tBody string\n}\n",
        ),
    ]);
    let all = draft_all(
        folder.path(),
        "Retry",
        "When a delivery fails, retry the message three times",
    );
    assert_coherent(folder.path(), &all);
    assert_eq!(entry_paths(&all), ["cmd/mailer/main.go"]);
    assert_eq!(all.explore.existing_models[0].name, "Message");
    assert!(
        all.requirements.requirements[0]
            .text
            .starts_with("When a delivery fails, the mailer service shall retry the message")
    );
    assert!(
        all.tasks
            .tasks
            .iter()
            .flat_map(|t| &t.files_to_create)
            .any(|path| path.starts_with("internal/queue/") && path.ends_with("_test.go"))
    );
}

#[test]
fn a_repository_with_only_a_readme_gets_documents_and_a_question() {
    let folder = repository(&[("README.md", "# Garden\n\nPlans for a garden.\n")]);
    let all = draft_all(folder.path(), "Watering", "Remind me to water the plants");
    assert_coherent(folder.path(), &all);
    assert!(
        all.design
            .components
            .iter()
            .all(|c| c.file_path.starts_with("docs/"))
    );
    assert_eq!(all.design.questions.len(), 1);
}

#[test]
fn ideas_of_any_kind_become_valid_outputs() {
    let folder = repository(&[("README.md", "# Garden\n"), ("main.py", "print(1)\n")]);
    let long = "word ".repeat(10_000);
    let one = "x".repeat(50_000);
    let many = "Add a page for birds. Add export of trees. ".repeat(1_000);
    for idea in [
        "???",
        "日本語でログイン機能を追加する。",
        "search",
        "- \n- \n",
        "TODO: TBD",
        "It should be fast",
        "🚀",
        &long,
        &one,
        &many,
        "... ; ; ;",
        "shall shall shall",
    ] {
        let all = draft_all(folder.path(), "Ideas", idea);
        assert_coherent(folder.path(), &all);
        let text = all.raw[&Phase::Requirements].to_string();
        assert!(!text.contains("TBD") && !text.contains("TODO"));
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = repository(&[
        ("src/lib.rs", "pub struct User;\npub fn login() {}\n"),
        ("Cargo.toml", "[package]\nname = \"a\"\n"),
    ]);
    let bytes = || serde_json::to_string(&draft_all(folder.path(), "Sign in", IDEA).raw).unwrap();
    assert_eq!(bytes(), bytes());
}

#[test]
fn files_that_are_not_text_and_links_are_passed_over() {
    let folder = repository(&[("src/lib.rs", "pub fn login() {}\n")]);
    fs::write(folder.path().join("src/odd.rs"), [0xff, 0xfe, 0, 1]).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc", folder.path().join("etc")).unwrap();
    let all = draft_all(folder.path(), "Sign in", IDEA);
    assert_coherent(folder.path(), &all);
    assert!(!all.raw[&Phase::Explore].to_string().contains("etc/passwd"));
}

fn any_file() -> impl Strategy<Value = (String, String)> {
    let name = prop::sample::select(vec![
        "README.md",
        "src/main.rs",
        "src/a_b.rs",
        "Cargo.toml",
        "app.py",
        "pkg/__init__.py",
        "pyproject.toml",
        "package.json",
        "index.js",
        "src/app.ts",
        "go.mod",
        "main.go",
        "pom.xml",
        "setup.py",
        "Makefile",
        "tests/test_a.py",
        "schema.sql",
    ]);
    let line = prop::sample::select(vec![
        "fn main() {}",
        "pub struct Login {",
        "    name: String,",
        "}",
        "[package]",
        "name = \"x\"",
        "[[bin]]",
        "import os",
        "if __name__ == \"__main__\":",
        "{\"name\": \"x\", \"bin\": \"index.js\"}",
        "package main",
        "func main() {",
        "module x/y",
        "class Login:",
        "    def reset(self): \"\"\"",
        "password = \"ä\"",
        "[project.scripts]",
        "a = \"b:c\"",
        "CREATE TABLE login (",
        "\t  ",
        "\u{feff}# Kopf",
        "日本",
        "test: \r",
    ]);
    (
        name.prop_map(str::to_owned),
        prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n")),
    )
}

fn any_idea() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "add",
        "let",
        "users",
        "export",
        "login",
        "and",
        ",",
        ".",
        "when",
        "if",
        "the",
        "a",
        "password",
        "reset",
        "with",
        "should",
        "be",
        "fast",
        "not",
        "200",
        "ms",
        "fix",
        "replace",
        "by",
        "to",
        "it",
        "them",
        "ログイン",
        "ü",
        "?",
        "\n- ",
        ";",
        "so that",
        "as an admin,",
        "i want to",
        "(",
        ")",
        "/health",
        "shall",
        "TODO",
        "remove",
        "support",
        "for",
        "search",
        "\"",
        "“",
        "]",
    ]);
    prop_oneof![
        prop::collection::vec(word, 1..25).prop_map(|words| words.join(" ")),
        "\\PC{1,80}",
        "[a-zA-Z ,.;:?\\n-]{1,200}",
    ]
    .prop_filter("ideas are not blank", |text| {
        Description::new(text.as_str()).is_ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_idea_on_any_tree_gives_coherent_outputs(
        idea in any_idea(),
        title in "[^\\p{Cc}]{1,40}",
        files in prop::collection::vec(any_file(), 0..6),
    ) {
        prop_assume!(Title::new(&title).is_ok());
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let folder = repository(&files);
        let all = draft_all(folder.path(), &title, &idea);
        assert_coherent(folder.path(), &all);
    }
}

fn run_program(folder: &Path, context: Option<&Value>) -> std::process::Output {
    if let Some(context) = context {
        fs::write(folder.join("context.json"), context.to_string()).unwrap();
    }
    std::process::Command::new(env!("CARGO_BIN_EXE_spec-offline-agent"))
        .env("SPEC_RUN_DIR", folder)
        .output()
        .unwrap()
}

fn context(repository: &Path, phase: &str, findings: &Value) -> Value {
    serde_json::json!({
        "protocol": 1, "spec_id": "00000000-0000-0000-0000-000000000007", "phase": phase,
        "attempt": 1, "repair": 1, "title": "Sign in", "description": IDEA,
        "repository": repository, "commit": "0123456789abcdef", "outputs": {}, "findings": findings,
    })
}

#[test]
fn the_program_follows_the_file_protocol() {
    let folder = repository(&[("src/lib.rs", "pub fn login() {}\n")]);
    let run = tempfile::tempdir().unwrap();
    let output = run_program(
        run.path(),
        Some(&context(folder.path(), "explore", &serde_json::json!([]))),
    );
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    assert!(lines.lines().count() >= 5);
    assert!(
        lines
            .lines()
            .all(|line| serde_json::from_str::<Value>(line).unwrap()["type"] == "progress")
    );
    let result = fs::read(run.path().join("result.json")).unwrap();
    PhaseOutput::parse(Phase::Explore, &serde_json::from_slice(&result).unwrap()).unwrap();
}

#[test]
fn the_program_says_what_it_cannot_do() {
    let folder = repository(&[("README.md", "# A\n")]);
    let cases = [
        (None, 2, "context.json"),
        (
            Some(serde_json::json!({"protocol": 1})),
            2,
            "not a valid context",
        ),
        (
            Some(context(folder.path(), "sync", &serde_json::json!([]))),
            2,
            "sync",
        ),
        (
            Some(context(
                &folder.path().join("none"),
                "explore",
                &serde_json::json!([]),
            )),
            2,
            "not a folder",
        ),
        (
            Some(context(
                folder.path(),
                "requirements",
                &serde_json::json!([
                    {"rule": "ears.form", "severity": "error", "message": "no trigger", "pointer": "/requirements/0/text"}
                ]),
            )),
            1,
            "cannot repair this: /requirements/0/text: no trigger",
        ),
    ];
    for (context, code, message) in cases {
        let run = tempfile::tempdir().unwrap();
        let output = run_program(run.path(), context.as_ref());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(message), "{text}");
        assert!(!run.path().join("result.json").exists());
    }
}

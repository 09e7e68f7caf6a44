//! Ideas as people type them, drafted for small repositories and checked like any agent's outputs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use spec_core::Phase;
use spec_core::artifact::{PhaseOutput, RequirementsOutput, TaskType, TasksOutput};
use spec_core::check::{Earlier, check};
use spec_core::spec::{Description, Title};

use super::words::words;
use super::{Request, draft};

const IDEAS: &[&str] = &[
    "Add request rate limiting as middleware, with a limit per IP address, and report rejected requests",
    "Add user authentication with Google OAuth, email/password login, and password reset functionality",
    "dark mode",
    "Can we export to PDF?",
    "Login fails when the password has a space",
    "The app crashes when I rotate the screen",
    "Split the parser into modules",
    "Ajouter une page de connexion avec mot de passe",
    "日本語でログイン機能を追加する。",
    "Add login, password reset and export to CSV",
    "When a build fails, send an email to the author and then post a message in Slack",
    "Add full-text search over documents and let users save searches",
    "Respond to health checks within 200 ms, only for admins, and a Retry-After header when the service is starting",
    "Add a --json flag to the list command without breaking the CLI",
    "As an admin, I want to ban users so that the forum stays friendly",
    "Replace moment.js with date-fns in the reports",
    "Cache responses of the weather API for ten minutes using Redis",
    "The export should include headers and must not contain deleted rows",
    "Users can upload images up to 5 MB; thumbnails are generated in the background",
    "Add webhooks that notify other systems when an order is created, with retries and a signature header",
    "Support YAML and TOML configuration files",
    "Fix the crash when the config file is empty",
    "Fix pagination",
    "Speed up the test suite by running tests in parallel",
    "Make the search faster",
    "Remove the legacy XML API",
    "If a file is missing, create it",
    "Our shop grows and customers ask for more.\n\nCurrently orders are typed by hand.\n\n## Wanted\n\n- customers can track their orders, even without an account\n- a dashboard for managers with sales per day, per week and per month\n- nightly backups of the database, kept for 30 days\n- audit log of all changes, visible only to auditors\n\nNo mobile app.",
];

fn repositories() -> Vec<tempfile::TempDir> {
    [
        &[
            (
                "package.json",
                "{\"name\": \"express\", \"main\": \"index.js\"}\n",
            ),
            (
                "index.js",
                "module.exports = require('./lib/application');\n",
            ),
            (
                "lib/application.js",
                "function use(request) { return request; }\nmodule.exports = use;\n",
            ),
        ][..],
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"shop\"\n\n[dependencies]\naxum = \"0.8\"\n",
            ),
            ("src/main.rs", "fn main() {}\n"),
            (
                "src/session.rs",
                "/// A login.\npub struct Session {\n    pub user: String,\n}\n",
            ),
        ][..],
    ]
    .into_iter()
    .map(|files| {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    })
    .collect()
}

struct Drafts {
    requirements: RequirementsOutput,
    tasks: TasksOutput,
    warnings: Vec<String>,
}

/// All four outputs, each accepted by the check that every agent has to pass.
fn accepted(idea: &str, root: &Path) -> Drafts {
    let title = Title::new(
        idea.chars()
            .take(60)
            .filter(|c| !c.is_control())
            .collect::<String>(),
    );
    let description = Description::new(idea).unwrap();
    let mut outputs: BTreeMap<Phase, Value> = BTreeMap::new();
    let mut earlier: (Option<_>, Option<_>, Option<_>, Option<_>) = (None, None, None, None);
    let mut warnings = Vec::new();
    for phase in [
        Phase::Explore,
        Phase::Requirements,
        Phase::Design,
        Phase::Tasks,
    ] {
        let request = Request {
            title: title.as_ref().unwrap(),
            description: &description,
            repository: root,
            outputs: &outputs,
        };
        let output = draft(phase, &request, &mut |_| {}).unwrap();
        let known = Earlier {
            idea: Some(idea),
            explore: earlier.0.as_deref(),
            requirements: earlier.1.as_deref(),
            design: earlier.2.as_deref(),
            tasks: None,
        };
        let checked = check(phase, &output, &known);
        assert!(
            checked.is_accepted(),
            "{idea}: {phase}: {:#?}",
            checked.findings
        );
        warnings.extend(
            checked
                .findings
                .iter()
                .map(|finding| format!("{idea}: {phase}: {finding:?}")),
        );
        match checked.output.unwrap() {
            PhaseOutput::Explore(output) => earlier.0 = Some(output),
            PhaseOutput::Requirements(output) => earlier.1 = Some(output),
            PhaseOutput::Design(output) => earlier.2 = Some(output),
            PhaseOutput::Tasks(output) => earlier.3 = Some(output),
            PhaseOutput::Sync(_) => panic!("nobody asked for a sync"),
        }
        outputs.insert(phase, output);
    }
    Drafts {
        requirements: *earlier.1.unwrap(),
        tasks: *earlier.3.unwrap(),
        warnings,
    }
}

fn each_idea(examine: impl Fn(&str, &Drafts)) {
    for folder in repositories() {
        for idea in IDEAS {
            examine(idea, &accepted(idea, folder.path()));
        }
    }
}

#[test]
fn every_idea_is_accepted_in_all_phases_and_without_warnings() {
    each_idea(|_, drafts| assert!(drafts.warnings.is_empty(), "{:#?}", drafts.warnings));
}

#[test]
fn titles_are_short_and_hold_no_cut_phrase() {
    each_idea(|idea, drafts| {
        for requirement in &drafts.requirements.requirements {
            let name = requirement.title.trim_end_matches(": when it fails");
            assert!(name.chars().count() <= 40, "{idea}: {name}");
            assert!(!requirement.title.contains('…'), "{idea}: {name}");
            assert!(
                !requirement.text.contains('…'),
                "{idea}: {}",
                requirement.text
            );
            assert!(!requirement.text.contains("**"), "{}", requirement.text);
        }
    });
}

#[test]
fn every_word_of_the_idea_is_in_the_requirements() {
    // Words that ask and count nothing.
    const ASKING: &[&str] = &[
        "add",
        "a",
        "an",
        "the",
        "i",
        "we",
        "want",
        "to",
        "can",
        "should",
        "must",
        "and",
        "then",
        "as",
        "so",
        "that",
        "with",
        "when",
        "if",
        "make",
        "fix",
        "functionality",
        "which",
        "of",
        "fails",
        "crashes",
        "wanted",
        "our",
        "replace",
    ];
    each_idea(|idea, drafts| {
        let mut document = drafts.requirements.clone();
        // The notes quote the idea, which would prove nothing.
        for requirement in &mut document.requirements {
            requirement.notes.clear();
        }
        document.feature_name.clear();
        let text = serde_json::to_string(&document).unwrap();
        let said: BTreeSet<String> = words(&text).into_iter().collect();
        let mut lost = Vec::new();
        for word in words(idea) {
            let stem: String = word.chars().take(5).collect();
            let found = ASKING.contains(&word.as_str())
                || said.iter().any(|other| other.starts_with(&stem))
                || text.to_lowercase().contains(&word);
            if !found {
                lost.push(word);
            }
        }
        assert!(lost.is_empty(), "{idea}: {lost:?} lost in {text}");
    });
}

#[test]
fn features_that_touch_different_files_can_be_built_at_the_same_time() {
    each_idea(|idea, drafts| {
        let tasks = &drafts.tasks.tasks;
        let first = &tasks[0].id;
        for task in tasks {
            let part = task.title.contains(", part ");
            if task.title.starts_with("Implement ") && !part {
                assert_eq!(
                    &task.dependencies.depends_on,
                    std::slice::from_ref(first),
                    "{idea}"
                );
            }
        }
        assert_eq!(tasks.last().unwrap().kind, TaskType::Documentation);
        assert!(tasks.iter().all(|task| !task.description.contains("**")));
    });
}

#[test]
fn an_idea_with_features_and_details_reads_as_intended() {
    let folders = repositories();
    let texts = |idea: &str| -> Vec<String> {
        let drafts = accepted(idea, folders[0].path());
        let all = drafts.requirements.requirements;
        all.into_iter()
            .filter(|requirement| !requirement.title.ends_with("when it fails"))
            .map(|requirement| format!("{}: {}", requirement.title, requirement.text))
            .collect()
    };
    assert_eq!(
        texts(IDEAS[0]),
        [
            "Request rate limiting: When a client exceeds its limit of requests, the express library shall refuse further requests of that client until the limit allows them again.",
            "Reporting rejected requests: The express library shall report rejected requests.",
        ]
    );
    assert_eq!(
        texts("Login fails when the password has a space"),
        [
            "Login when the password has a space: When the password has a space, the express library shall complete login without failing."
        ]
    );
    assert_eq!(
        texts("Split the parser into modules"),
        [
            "Splitting the parser into modules: The express library shall give the same results before and after splitting the parser into modules."
        ]
    );
    assert_eq!(
        texts("Can we export to PDF?"),
        ["Exporting to PDF: The express library shall export to PDF."]
    );
}

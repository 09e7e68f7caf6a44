//! A demo project with agents that do well, for tests that are about something else.

use std::path::Path;

use serde_json::json;

use super::{RunScript, ScriptedRun, ScriptedSpawner, fixture, git};
use crate::id::ProjectId;
use crate::phase::Phase;
use crate::project::{Project, StaticProjects};
use crate::sandbox::Checkout;

/// The repository.
const FILES: [(&str, &str); 2] = [
    ("src/main.rs", "fn main() {\n}\n"),
    ("README.md", "# Demo\n"),
];

/// Does what a good agent, or the script of SYNC, would do in `run` for the [`fixture`].
#[must_use]
pub fn good_run(run: &ScriptedRun) -> RunScript {
    let phase = run.key.attempt.phase;
    if phase == Phase::Sync {
        let result = json!({
            "branch": run.env.get("SPEC_BRANCH"),
            "commit": "5".repeat(40),
            "parent": ScriptedSpawner::COMMIT,
        });
        return RunScript::succeeds_with(&result);
    }
    let line = |text: &str, permille: u16| {
        json!({"type": "progress", "text": text, "permille": permille}).to_string()
    };
    RunScript::succeeds_with(&fixture::output_json(phase))
        .with_line(line("Reading src/main.rs", 300))
        .with_line(json!({"type": "usage", "input_tokens": 100, "output_tokens": 10}).to_string())
        .with_line(line("Writing the result", 900))
        .with_error_line("a note on standard error")
}

/// A spawner whose runs do what `script` says, on the repository that the [`fixture`] speaks of.
pub fn spawner(
    script: impl Fn(&ScriptedRun) -> RunScript + Send + Sync + 'static,
) -> ScriptedSpawner {
    FILES
        .into_iter()
        .fold(ScriptedSpawner::new(script), |spawner, (name, content)| {
            spawner.with_repository_file(name, content)
        })
}

/// One project, `demo`, which is everybody's default.
///
/// # Panics
///
/// Never: the id is valid.
#[must_use]
#[expect(clippy::expect_used, reason = "the id is valid")]
pub fn projects() -> StaticProjects {
    StaticProjects::new([Project::new(
        ProjectId::new("demo").expect("a valid id"),
        Checkout::new("https://example.invalid/demo.git"),
    )
    .with_name("Demo")])
}

/// Makes a real repository that the [`fixture`] speaks of in an empty folder, with the `git` of this
/// machine.
///
/// # Panics
///
/// When git is missing or refuses, or the folder cannot be written to.
#[expect(
    clippy::expect_used,
    reason = "a fixture that cannot be made is a panic, as in any test"
)]
pub fn make_repository_in(folder: &Path) {
    std::fs::create_dir_all(folder.join("src")).expect("a folder");
    for (name, content) in FILES {
        std::fs::write(folder.join(name), content).expect("a file");
    }
    git(folder, &["init", "--quiet", "--initial-branch=main"]);
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message", "Begin"]);
}

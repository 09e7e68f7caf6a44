//! A demo project with agents that do well, for tests that are about something else.

use serde_json::json;

use super::{RunScript, ScriptedRun, ScriptedSpawner, fixture};
use crate::id::ProjectId;
use crate::phase::Phase;
use crate::project::{Project, StaticProjects};
use crate::sandbox::{Checkout, CheckoutRef};

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
    ScriptedSpawner::new(script)
        .with_repository_file("src/main.rs", "fn main() {\n}\n")
        .with_repository_file("README.md", "# Demo\n")
}

/// One project, `demo`, which is everybody's default.
///
/// # Panics
///
/// Never: the id is valid.
#[must_use]
#[expect(clippy::expect_used, reason = "the id is valid")]
pub fn projects() -> StaticProjects {
    StaticProjects::new([Project {
        id: ProjectId::new("demo").expect("a valid id"),
        name: "Demo".to_owned(),
        checkout: Checkout {
            url: "https://example.invalid/demo.git".to_owned(),
            reference: CheckoutRef::Default,
            username: None,
            password: None,
        },
        default_agent: None,
    }])
}

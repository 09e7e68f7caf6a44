//! What a scripted run is told and what it does.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::id::RunKey;
use crate::sandbox::{Channel, RunEnd, RunRequest, SandboxPath};

/// What the script is told about a run that is being started.
#[derive(Debug, Clone)]
pub struct ScriptedRun {
    /// The run: phase, attempt and repair.
    pub key: RunKey,
    /// Files in the folder of the run, by name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Programs that it needs beside.
    pub needs: Vec<String>,
    /// The environment, without secrets.
    pub env: BTreeMap<String, String>,
    /// Names of the secrets in the environment.
    pub secret_names: Vec<String>,
}

impl ScriptedRun {
    pub(super) fn of(run: &RunRequest, files: &BTreeMap<String, Vec<u8>>) -> Self {
        let folder = format!("{}/", SandboxPath::run_folder(&run.key));
        let in_folder = |(path, content): (&String, &Vec<u8>)| {
            let name = path.strip_prefix(&folder)?.to_owned();
            Some((name, content.clone()))
        };
        Self {
            key: run.key,
            files: files.iter().filter_map(in_folder).collect(),
            argv: run.argv.clone(),
            needs: run.needs.clone(),
            env: run.env.clone(),
            secret_names: run.secrets.iter().map(|s| s.name.clone()).collect(),
        }
    }

    /// A file in the folder of the run, as JSON; `None` when absent or not JSON.
    #[must_use]
    pub fn json(&self, name: &str) -> Option<Value> {
        serde_json::from_slice(self.files.get(name)?).ok()
    }
}

/// What a run does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunScript {
    /// What it prints, at once.
    pub lines: Vec<(Channel, String)>,
    /// How it ends.
    pub end: RunEnd,
    /// Files that it leaves in its folder, by name, when it ends.
    pub files: Vec<(String, Vec<u8>)>,
    /// Whether it hangs after its lines, until it is released, times out or is terminated.
    pub waits: bool,
}

impl RunScript {
    /// Ends with exit code 0 and leaves `result.json`.
    #[must_use]
    pub fn succeeds_with(result: &Value) -> Self {
        Self::exits(0).with_file("result.json", result.to_string())
    }

    /// Ends with an exit code and leaves nothing.
    #[must_use]
    pub fn exits(code: i32) -> Self {
        Self::ends(RunEnd::Exited { code })
    }

    /// Ends so and leaves nothing.
    #[must_use]
    pub fn ends(end: RunEnd) -> Self {
        Self {
            lines: Vec::new(),
            end,
            files: Vec::new(),
            waits: false,
        }
    }

    /// Hangs; exit code 0 when released.
    #[must_use]
    pub fn hangs() -> Self {
        Self::exits(0).waiting()
    }

    /// Hangs after its lines.
    #[must_use]
    pub fn waiting(mut self) -> Self {
        self.waits = true;
        self
    }

    /// Prints a line to standard output.
    #[must_use]
    pub fn with_line(mut self, text: impl Into<String>) -> Self {
        self.lines.push((Channel::Stdout, text.into()));
        self
    }

    /// Prints a line to standard error.
    #[must_use]
    pub fn with_error_line(mut self, text: impl Into<String>) -> Self {
        self.lines.push((Channel::Stderr, text.into()));
        self
    }

    /// Leaves a file in the folder of the run.
    #[must_use]
    pub fn with_file(mut self, name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.files.push((name.into(), content.into()));
        self
    }
}

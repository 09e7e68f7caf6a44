//! Programs that also spawners without programs can run.

use serde::{Deserialize, Serialize};

use crate::sandbox::{Channel, RunEnd};
use crate::testing::{RunScript, ScriptedRun};

/// A program that prints lines and exits, or hangs. Works as an argument list for `sh` and, by its
/// last argument, as a script for a [`ScriptedSpawner`](crate::testing::ScriptedSpawner).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmallProgram {
    lines: Vec<(Channel, String)>,
    code: i32,
    hangs: bool,
}

impl SmallProgram {
    /// Prints these lines to standard output.
    #[must_use]
    pub fn prints<const N: usize>(lines: [&str; N]) -> Self {
        lines.into_iter().fold(Self::default(), Self::out)
    }

    /// Prints a line to standard output.
    #[must_use]
    pub fn out(mut self, line: &str) -> Self {
        self.lines.push((Channel::Stdout, line.to_owned()));
        self
    }

    /// Prints a line to standard error.
    #[must_use]
    pub fn err(mut self, line: &str) -> Self {
        self.lines.push((Channel::Stderr, line.to_owned()));
        self
    }

    /// Exits with this code.
    #[must_use]
    pub fn exits(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    /// Hangs after its lines.
    #[must_use]
    pub fn hangs(mut self) -> Self {
        self.hangs = true;
        self
    }

    /// Program and arguments.
    #[must_use]
    pub fn argv(&self) -> Vec<String> {
        let mut script = String::new();
        for (channel, text) in &self.lines {
            let quoted = text.replace('\'', r"'\''");
            let to = match channel {
                Channel::Stdout => "",
                Channel::Stderr => " >&2",
            };
            script += &format_line(&quoted, to);
        }
        if self.hangs {
            script.push_str("while :; do sleep 1; done\n");
        }
        script = format!("{script}exit {}", self.code);
        let itself = serde_json::json!(self).to_string();
        vec!["sh".to_owned(), "-c".to_owned(), script, itself]
    }

    /// What a scripted run does to be this program; exit code 0 when it is another one.
    #[must_use]
    pub fn script(run: &ScriptedRun) -> RunScript {
        let program: Self = run
            .argv
            .last()
            .and_then(|itself| serde_json::from_str(itself).ok())
            .unwrap_or_default();
        RunScript {
            lines: program.lines,
            end: RunEnd::Exited { code: program.code },
            files: Vec::new(),
            waits: program.hangs,
        }
    }
}

fn format_line(quoted: &str, to: &str) -> String {
    format!("printf '%s\\n' '{quoted}'{to}\n")
}

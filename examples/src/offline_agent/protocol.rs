//! The files through which a machine and this agent speak.

use std::fs;
use std::path::{Path, PathBuf};

use spec_core::agent::{AgentContext, PROTOCOL_VERSION};
use spec_core::event::ProgressItem;

use super::{DraftError, Request, draft, note_feedback, without_findings};

/// Why a run ends without a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For standard error.
    pub message: String,
    /// 2 when it was called wrongly, 1 when the work could not be done.
    pub exit_code: u8,
}

impl Failure {
    fn misuse(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            exit_code: 2,
        }
    }

    fn failed(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            exit_code: 1,
        }
    }
}

/// The folder of one run, as `SPEC_RUN_DIR` names it.
#[derive(Debug, Clone)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// The folder of a run.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Reads `context.json`, drafts what it asks for, and leaves `result.json`.
    ///
    /// # Errors
    ///
    /// When a file is missing or wrong, the phase is not supported, or a finding cannot be repaired.
    pub fn run(&self, listener: &mut dyn FnMut(ProgressItem)) -> Result<(), Failure> {
        let context = self.context()?;
        let repository = Path::new(&context.repository);
        if !repository.is_dir() {
            return Err(Failure::misuse(format!(
                "context.json names the repository `{}`, which is not a folder",
                context.repository
            )));
        }
        if context.repair.get() > 1 && !context.findings.is_empty() {
            return Err(Failure::failed(
                "the offline agent drafts the same output every time; a second repair would change nothing",
            ));
        }
        let request = Request {
            title: &context.title,
            description: &context.description,
            repository,
            outputs: &context.outputs,
        };
        if !context.findings.is_empty() {
            super::Progress::new(listener).warn(5, format!("This agent drafts the same output every time; leaving out what {} findings point to, where that is safe", context.findings.len()));
        }
        let output = draft(context.phase, &request, listener).map_err(|error| match &error {
            DraftError::UnsupportedPhase(_) => Failure::misuse(error.to_string()),
            DraftError::Input(_, cause) | DraftError::Output(cause) => {
                Failure::misuse(format!("{error}: {cause}"))
            }
        })?;
        let mut output = without_findings(output, &context.findings)
            .map_err(|error| Failure::failed(error.to_string()))?;
        if !context.feedback.is_empty() {
            super::Progress::new(listener).warn(990, "This agent cannot do what was asked for in words; it hands the requests on among its assumptions");
            note_feedback(&mut output, &context.feedback);
        }
        self.leave(&output)
    }

    fn context(&self) -> Result<AgentContext, Failure> {
        let path = self.path.join("context.json");
        let text = fs::read(&path)
            .map_err(|error| Failure::misuse(format!("cannot read {}: {error}", path.display())))?;
        let context: AgentContext = serde_json::from_slice(&text).map_err(|error| {
            Failure::misuse(format!(
                "{} is not a valid context: {error}",
                path.display()
            ))
        })?;
        if context.protocol != PROTOCOL_VERSION {
            return Err(Failure::misuse(format!(
                "context.json has protocol version {}; this agent speaks {PROTOCOL_VERSION}",
                context.protocol
            )));
        }
        Ok(context)
    }

    /// Writes the result beside its place and then moves it there, so that nobody reads half of it.
    fn leave(&self, output: &serde_json::Value) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(output)
            .map_err(|error| Failure::failed(format!("cannot write the result: {error}")))?;
        let unfinished = self.path.join("result.json.tmp");
        let finished = self.path.join("result.json");
        fs::write(&unfinished, text)
            .and_then(|()| fs::rename(&unfinished, &finished))
            .map_err(|error| {
                Failure::failed(format!("cannot write {}: {error}", finished.display()))
            })
    }
}

//! Collecting what a run handed over, in whatever way.

use futures_util::StreamExt as _;

use super::Observation;
use super::driver::{Driver, chain};
use crate::agent::{AgentEvent, AgentResult, ResultAt, ResultKind, document_in};
use crate::attempt::{Attempt, AttemptStage, FailureKind};
use crate::finding::Finding;
use crate::id::RunKey;
use crate::sandbox::{
    Channel, Output, SandboxPath, SandboxRef, SandboxSpawner, SpawnError, SpawnErrorKind,
};
use crate::store::SpecStore;

/// Longest result that is read: an agent that needs more has copied something.
const MAX_RESULT_BYTES: u64 = 8 * 1024 * 1024;

/// What a run handed over.
#[derive(Debug)]
pub(super) enum Collected {
    /// A document, or what should be one.
    Document(Vec<u8>),
    /// Nothing that can be used.
    Nothing(FailureKind, Finding),
}

impl<S: SpecStore, P: SandboxSpawner> Driver<'_, S, P> {
    /// Collects the result of an ended run: what was handed over as such, else the file, else what
    /// its last message holds.
    pub(super) async fn collect(
        &self,
        attempt: &Attempt,
        run: RunKey,
        sandbox: &SandboxRef,
        file: &SandboxPath,
    ) -> Result<Collected, Observation> {
        let printed = match &attempt.stage {
            AttemptStage::Collecting {
                result: Some(at), ..
            } => self.printed(attempt, run, sandbox, at).await?,
            AttemptStage::Collecting { result: None, .. }
            | AttemptStage::Spawning
            | AttemptStage::Starting
            | AttemptStage::Running
            | AttemptStage::Ended(_) => None,
        };
        let was_cut = matches!(printed, Some(Printed::Cut));
        let message = match printed {
            Some(Printed::Whole(AgentResult {
                kind: ResultKind::Structured,
                text,
            })) => return Ok(Collected::Document(text.into_bytes())),
            Some(Printed::Whole(AgentResult {
                kind: ResultKind::Message,
                text,
            })) => Some(text),
            Some(Printed::Cut) | None => None,
        };
        let agent = &attempt.agent;
        match self
            .machine
            .spawner
            .read_file(sandbox, file, MAX_RESULT_BYTES)
            .await
        {
            Ok(Some(bytes)) => return Ok(Collected::Document(bytes)),
            Ok(None) => {}
            Err(error) if is_unusable(&error) => {
                let message = format!(
                    "the result of agent `{agent}` cannot be read: {}",
                    chain(&error)
                );
                return Ok(Collected::Nothing(
                    FailureKind::InvalidOutput,
                    Finding::error("output.unreadable", "", message),
                ));
            }
            Err(error) => {
                return Err(Self::judge_error(
                    run.attempt,
                    "cannot read the result",
                    &error,
                ));
            }
        }
        if let Some(document) = message.as_deref().and_then(document_in) {
            return Ok(Collected::Document(document.as_bytes().to_vec()));
        }
        let (rule, what) = match (was_cut, &message) {
            (true, _) => (
                "output.too_long",
                "handed over a result that is too long for one line of output",
            ),
            (false, Some(_)) => (
                "output.missing",
                "handed over no result: its last message holds no JSON document",
            ),
            (false, None) => ("output.missing", "left no result.json"),
        };
        let message = format!("agent `{agent}` ended well but {what}");
        Ok(Collected::Nothing(
            FailureKind::NoResult,
            Finding::error(rule, "", message),
        ))
    }

    /// What stands in the line at `at`; `None` when it is not there any more.
    async fn printed(
        &self,
        attempt: &Attempt,
        run: RunKey,
        sandbox: &SandboxRef,
        at: &ResultAt,
    ) -> Result<Option<Printed>, Observation> {
        let key = run.attempt;
        let judged = |error: &SpawnError| Self::judge_error(key, "cannot read the result", error);
        let mut decoder = match self.agent(&attempt.agent) {
            Ok(agent) => agent.decoder(),
            // The file may be there all the same.
            Err(_unregistered) => return Ok(None),
        };
        let output = self.machine.spawner.output(sandbox, &run, at.after.clone());
        let mut output = output.await.map_err(|error| judged(&error))?;
        while let Some(item) = output.next().await {
            let line = match item.map_err(|error| judged(&error))? {
                Output::Line(line) if line.channel == Channel::Stdout => line,
                Output::Line(_) => continue,
                Output::Ended(_) => break,
            };
            if line.dropped > 0 {
                return Ok(Some(Printed::Cut));
            }
            let told = decoder.line(&line).into_iter();
            let mut results = told.filter_map(AgentEvent::into_result);
            let result = results.find(|result| result.kind == at.kind);
            return Ok(result.map(Printed::Whole));
        }
        Ok(None)
    }
}

/// A result in a line of output.
#[derive(Debug)]
enum Printed {
    Whole(AgentResult),
    /// The line was too long.
    Cut,
}

/// True when there is something, but not a file one could use.
fn is_unusable(error: &SpawnError) -> bool {
    matches!(
        error.kind(),
        SpawnErrorKind::Rejected | SpawnErrorKind::TooLarge
    )
}

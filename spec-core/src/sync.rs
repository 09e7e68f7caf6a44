//! What SYNC computes, and the port that receives finished specs: [`SyncTarget`].

mod report;
mod slug;

pub(crate) use report::hours as task_hours;
pub use report::sync_report;
pub use slug::slug;

use std::error::Error as StdError;
use std::fmt;

use async_trait::async_trait;

use crate::artifact::{
    Artifact, DesignOutput, ExploreOutput, PhaseOutput, RepositoryCommit, RequirementsOutput,
    SyncOutput, TasksOutput,
};
use crate::spec::Spec;

/// The outputs of all phases of one spec.
#[derive(Debug, Clone, PartialEq)]
pub struct Outputs {
    /// Of EXPLORE.
    pub explore: ExploreOutput,
    /// Of REQUIREMENTS.
    pub requirements: RequirementsOutput,
    /// Of DESIGN.
    pub design: DesignOutput,
    /// Of TASKS.
    pub tasks: TasksOutput,
}

/// What there is of a spec so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PartialOutputs {
    /// Of EXPLORE.
    pub explore: Option<ExploreOutput>,
    /// Of REQUIREMENTS.
    pub requirements: Option<RequirementsOutput>,
    /// Of DESIGN.
    pub design: Option<DesignOutput>,
    /// Of TASKS.
    pub tasks: Option<TasksOutput>,
    /// The commit that SYNC has made, if it has.
    pub repository_commit: Option<RepositoryCommit>,
}

impl PartialOutputs {
    /// Reads artifacts of one spec. Of several of one phase, the last counts.
    ///
    /// # Errors
    ///
    /// As [`Artifact::output`].
    pub fn read<'a>(
        artifacts: impl IntoIterator<Item = &'a Artifact>,
    ) -> Result<Self, serde_json::Error> {
        let mut outputs = Self::default();
        for artifact in artifacts {
            match artifact.output()? {
                PhaseOutput::Explore(output) => outputs.explore = Some(*output),
                PhaseOutput::Requirements(output) => outputs.requirements = Some(*output),
                PhaseOutput::Design(output) => outputs.design = Some(*output),
                PhaseOutput::Tasks(output) => outputs.tasks = Some(*output),
                PhaseOutput::Sync(output) => outputs.repository_commit = output.repository_commit,
            }
        }
        Ok(outputs)
    }

    /// The outputs of the first four phases; `None` until all of them exist.
    #[must_use]
    pub fn whole(&self) -> Option<Outputs> {
        Some(Outputs {
            explore: self.explore.clone()?,
            requirements: self.requirements.clone()?,
            design: self.design.clone()?,
            tasks: self.tasks.clone()?,
        })
    }

    /// What [`sync_report`] says of them now, with the commit that SYNC has made, if it has; `None`
    /// until all four exist.
    #[must_use]
    pub fn trace(&self, slug: &str) -> Option<SyncOutput> {
        let whole = self.whole()?;
        Some(sync_report(slug, &whole, self.repository_commit.clone()))
    }
}

/// A file that SYNC renders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedFile {
    /// Name within `specs/<slug>/`, for example `requirements.md`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A finished spec.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedSpec {
    /// Its state.
    pub spec: Spec,
    /// What its phases produced.
    pub outputs: Outputs,
    /// What SYNC computed.
    pub sync: SyncOutput,
    /// What SYNC rendered.
    pub files: Vec<RenderedFile>,
}

/// A target's account of what went wrong.
#[derive(Debug)]
pub struct SyncError {
    message: String,
    retryable: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl SyncError {
    /// A failure that another try may overcome.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retryable: true,
            source: None,
        }
    }

    /// A refusal that stays.
    #[must_use]
    pub fn rejected(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retryable: false,
            source: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// True when another try may help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }
}

impl fmt::Display for SyncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for SyncError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Receives finished specs: a folder, a ticket system, a table of the host.
#[async_trait]
pub trait SyncTarget: fmt::Debug + Send + Sync + 'static {
    /// Name for messages, for example `directory`.
    fn name(&self) -> &str;

    /// Takes a finished spec over.
    ///
    /// Called at least once per spec: after a crash or an edit again, with the same spec id. The
    /// target upserts by natural key, `(spec, local id)`, and removes what is no longer there.
    ///
    /// # Errors
    ///
    /// A retryable error is tried again until the attempt's deadline; any other fails the phase.
    async fn upsert(&self, finished: &FinishedSpec) -> Result<(), SyncError>;
}

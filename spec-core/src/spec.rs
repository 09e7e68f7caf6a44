//! The aggregate: a spec, and the state of its phases.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::attempt::{Attempt, Failure};
use crate::clock::Timestamp;
use crate::id::{
    AgentName, ArtifactVersion, AttemptKey, AttemptNumber, CommitId, ContentHash, ProjectId,
    Revision, SandboxId, SpecId, UserId,
};
use crate::invalid_input::InvalidInput;
use crate::phase::Phase;
use crate::policy::Policy;
use crate::status::{PhaseStatus, SpecStatus};
use crate::usage::Usage;
use crate::wire_schema::wire_schema;

/// Version of the state that this crate writes. A runner claims only specs it understands.
pub const MACHINE_VERSION: u16 = 1;

/// A one-line title: 1 to 500 characters, none of them a control character, not blank.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Title(String);

impl Title {
    /// The longest title, in characters.
    pub const MAX_CHARS: usize = 500;

    /// Checks a title. White space around it is taken away.
    ///
    /// # Errors
    ///
    /// Refuses text that is blank, too long, or holds control characters.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidInput> {
        let text = text.as_ref().trim();
        let length = text.chars().count();
        if text.is_empty() {
            Err(InvalidInput::new("title", "must not be empty"))
        } else if length > Self::MAX_CHARS {
            let max = Self::MAX_CHARS;
            Err(InvalidInput::new(
                "title",
                format!("{length} characters; at most {max} are allowed"),
            ))
        } else if text.chars().any(char::is_control) {
            Err(InvalidInput::new(
                "title",
                "must be one line without control characters",
            ))
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// The title as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Title {
    type Error = InvalidInput;

    fn try_from(text: String) -> Result<Self, InvalidInput> {
        Self::new(text)
    }
}

impl From<Title> for String {
    fn from(title: Title) -> Self {
        title.0
    }
}

impl fmt::Display for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Title {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

wire_schema!(Title, { "type": "string", "minLength": 1, "maxLength": Title::MAX_CHARS });

/// The idea, exactly as typed: never trimmed, shortened or rewritten.
///
/// 1 to 50,000 characters, not blank, without NUL, which Postgres cannot store.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Description(String);

impl Description {
    /// The longest description, in characters.
    pub const MAX_CHARS: usize = 50_000;

    /// Checks a description.
    ///
    /// # Errors
    ///
    /// Refuses text that is blank, too long, or holds NUL.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
        checked_text("description", Self::MAX_CHARS, text.into()).map(Self)
    }

    /// The description as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Description {
    type Error = InvalidInput;

    fn try_from(text: String) -> Result<Self, InvalidInput> {
        Self::new(text)
    }
}

impl From<Description> for String {
    fn from(description: Description) -> Self {
        description.0
    }
}

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

wire_schema!(Description, {
    "type": "string",
    "minLength": 1,
    "maxLength": Description::MAX_CHARS
});

/// What a person wants to be done differently, exactly as typed.
///
/// 1 to 10,000 characters, not blank, without NUL, which Postgres cannot store.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Comment(String);

impl Comment {
    /// The longest comment, in characters.
    pub const MAX_CHARS: usize = 10_000;

    /// Checks a comment.
    ///
    /// # Errors
    ///
    /// Refuses text that is blank, too long, or holds NUL.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
        checked_text("comment", Self::MAX_CHARS, text.into()).map(Self)
    }

    /// The comment as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Comment {
    type Error = InvalidInput;

    fn try_from(text: String) -> Result<Self, InvalidInput> {
        Self::new(text)
    }
}

impl From<Comment> for String {
    fn from(comment: Comment) -> Self {
        comment.0
    }
}

impl fmt::Debug for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

wire_schema!(Comment, {
    "type": "string",
    "minLength": 1,
    "maxLength": Comment::MAX_CHARS
});

/// A text of several lines, kept exactly as typed.
fn checked_text(
    field: &'static str,
    max_chars: usize,
    text: String,
) -> Result<String, InvalidInput> {
    let length = text.chars().count();
    if text.trim().is_empty() {
        Err(InvalidInput::new(field, "must not be empty"))
    } else if length > max_chars {
        let reason = format!("{length} characters; at most {max_chars} are allowed");
        Err(InvalidInput::new(field, reason))
    } else if text.contains('\0') {
        Err(InvalidInput::new(field, "must not hold the character NUL"))
    } else {
        Ok(text)
    }
}

/// The artifact that stands for a phase, until another is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedArtifact {
    /// Its version.
    pub version: ArtifactVersion,
    /// Hash of its content.
    pub content_hash: ContentHash,
    /// How many findings it was accepted in spite of.
    pub warnings: u32,
}

/// A person's approval of a phase's artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// Version of the artifact.
    pub version: ArtifactVersion,
    /// Hash of its content.
    pub content_hash: ContentHash,
}

/// What a person asked to be done differently in a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub comment: Comment,
}

/// Where a phase stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseState {
    /// Where it stands.
    pub status: PhaseStatus,
    /// Its attempts, oldest first; at most the last is under way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// The artifact that was accepted last. It is kept while the phase is done again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<AcceptedArtifact>,
    /// When it began; when it was begun anew since, the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When its artifact was accepted, unless the phase has begun anew since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// What its ended runs consumed, over all attempts.
    #[serde(default, skip_serializing_if = "Usage::is_nothing")]
    pub usage: Usage,
    /// The attempt at which the phase began, or was begun anew because a person asked for it: those
    /// that the policy allows are counted from there.
    #[serde(
        default = "AttemptNumber::first",
        skip_serializing_if = "AttemptNumber::is_first"
    )]
    pub began_at: AttemptNumber,
    /// The approval of its artifact, if its gate asks for one and it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// What was asked to be done differently since the phase last passed its gate, oldest first, at
    /// most [`MAX_FEEDBACK`](Self::MAX_FEEDBACK). Every attempt is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feedback: Vec<Feedback>,
}

impl PhaseState {
    /// How many comments are kept and told: the newest.
    pub const MAX_FEEDBACK: usize = 10;

    /// Where it stands when no attempt is under way and none was accepted since it was to be done.
    pub(crate) fn undone(&self) -> PhaseStatus {
        match self.accepted {
            Some(_) => PhaseStatus::Stale,
            None => PhaseStatus::Pending,
        }
    }

    pub(crate) fn add_feedback(&mut self, feedback: Feedback) {
        self.feedback.push(feedback);
        let excess = self.feedback.len().saturating_sub(Self::MAX_FEEDBACK);
        self.feedback.drain(..excess);
    }
}

impl Default for PhaseState {
    fn default() -> Self {
        Self {
            status: PhaseStatus::Pending,
            attempts: Vec::new(),
            accepted: None,
            started_at: None,
            completed_at: None,
            usage: Usage::default(),
            began_at: AttemptNumber::first(),
            approval: None,
            feedback: Vec::new(),
        }
    }
}

/// The five phases' states.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    explore: PhaseState,
    requirements: PhaseState,
    design: PhaseState,
    tasks: PhaseState,
    sync: PhaseState,
}

impl Phases {
    /// The state of `phase`.
    #[must_use]
    pub fn get(&self, phase: Phase) -> &PhaseState {
        match phase {
            Phase::Explore => &self.explore,
            Phase::Requirements => &self.requirements,
            Phase::Design => &self.design,
            Phase::Tasks => &self.tasks,
            Phase::Sync => &self.sync,
        }
    }

    pub(crate) fn get_mut(&mut self, phase: Phase) -> &mut PhaseState {
        match phase {
            Phase::Explore => &mut self.explore,
            Phase::Requirements => &mut self.requirements,
            Phase::Design => &mut self.design,
            Phase::Tasks => &mut self.tasks,
            Phase::Sync => &mut self.sync,
        }
    }

    /// All phases in order.
    pub fn iter(&self) -> impl Iterator<Item = (Phase, &PhaseState)> {
        Phase::ALL.into_iter().map(|phase| (phase, self.get(phase)))
    }
}

/// Which end a spec is heading for, once that is decided. It is reached when every sandbox is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
pub enum Ending {
    /// All phases are done.
    Completing,
    /// A phase failed for good.
    Failing,
    /// A person cancelled it.
    Cancelling {
        /// Who.
        by: UserId,
        /// Why, if they said so.
        reason: Option<String>,
    },
}

/// A spec: an idea on its way through the phases.
///
/// Changes only through [`apply`](crate::machine::apply) and
/// [`SpecStore::commit`](crate::SpecStore::commit).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// Identifies it.
    pub id: SpecId,
    /// The project it is for.
    pub project_id: ProjectId,
    /// Who launched it.
    pub owner: UserId,
    /// A title to show.
    pub title: Title,
    /// The idea, exactly as typed.
    pub description: Description,
    /// The rules it was launched with, and the budgets as they are now.
    pub policy: Policy,
    /// The agent that does the work: the policy's, the project's or the machine's, as it was then.
    pub agent: AgentName,
    /// Where it stands.
    pub status: SpecStatus,
    /// Which end it is heading for, once that is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// Where its phases stand.
    pub phases: Phases,
    /// The commit every phase works on, once EXPLORE has found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<CommitId>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What its ended runs consumed.
    #[serde(default, skip_serializing_if = "Usage::is_nothing")]
    pub usage: Usage,
    /// Version of this state.
    pub revision: Revision,
    /// Version of the crate's state format that wrote it.
    pub machine_version: u16,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
    /// When it was archived, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
}

impl Spec {
    /// The phase that is under way, waits or failed; `None` before the first and after the last.
    #[must_use]
    pub fn current_phase(&self) -> Option<Phase> {
        if self.status == SpecStatus::Draft {
            return None;
        }
        self.phases
            .iter()
            .find(|(_, state)| state.status != PhaseStatus::Completed)
            .map(|(phase, _)| phase)
    }

    /// The attempt that is under way.
    #[must_use]
    pub fn active_attempt(&self) -> Option<(AttemptKey, &Attempt)> {
        let phase = self.current_phase()?;
        let attempt = self.phases.get(phase).attempts.last()?;
        attempt.outcome().is_none().then_some((
            AttemptKey {
                spec_id: self.id,
                phase,
                attempt: attempt.number,
            },
            attempt,
        ))
    }

    /// Who works on the attempt that is under way, as messages call them.
    pub(crate) fn worker(&self) -> String {
        match self.active_attempt() {
            Some((key, attempt)) if key.phase != Phase::Sync => {
                format!("agent `{}`", attempt.agent)
            }
            _ => "the sync script".to_owned(),
        }
    }

    /// Every attempt of every phase, with its key.
    pub fn attempts(&self) -> impl Iterator<Item = (AttemptKey, &Attempt)> {
        self.phases.iter().flat_map(move |(phase, state)| {
            state.attempts.iter().map(move |attempt| {
                (
                    AttemptKey {
                        spec_id: self.id,
                        phase,
                        attempt: attempt.number,
                    },
                    attempt,
                )
            })
        })
    }

    /// The sandbox of the attempt that is under way, once it is ready.
    #[must_use]
    pub fn sandbox_id(&self) -> Option<&SandboxId> {
        self.active_attempt()?
            .1
            .facts
            .as_ref()
            .map(|facts| &facts.id)
    }
}

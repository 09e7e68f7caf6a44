//! What agents do, in terms common to all: named as in the Agent Client Protocol where it has a name.

use serde::{Deserialize, Serialize};

use super::AgentResult;
use crate::attempt::FailureKind;
use crate::event::{ProgressItem, ProgressKind};
use crate::id::AgentSessionId;
use crate::usage::UsageReport;

/// What kind of thing a tool does. The words are those of the Agent Client Protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToolKind {
    /// Reads a file.
    Read,
    /// Changes a file.
    Edit,
    /// Deletes a file.
    Delete,
    /// Moves a file.
    Move,
    /// Looks for something.
    Search,
    /// Runs a command.
    Execute,
    /// Reasons, plans, or hands work to another agent.
    Think,
    /// Gets something from the network.
    Fetch,
    /// Anything else.
    Other,
}

/// An agent begins to use a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// Identifies the call within the session.
    pub id: String,
    /// What kind of thing it does.
    pub kind: ToolKind,
    /// What it is about: the file, the command, what is searched for; else the tool's name.
    pub title: String,
}

impl ToolCall {
    /// In words that a person can read, such as `Reading src/main.rs`.
    #[must_use]
    pub fn progress(&self) -> ProgressItem {
        let title = self.title.lines().next().unwrap_or_default();
        let (kind, verb) = match self.kind {
            ToolKind::Read => (ProgressKind::File, "Reading"),
            ToolKind::Edit => (ProgressKind::File, "Editing"),
            ToolKind::Delete => (ProgressKind::File, "Deleting"),
            ToolKind::Move => (ProgressKind::File, "Moving"),
            ToolKind::Search => (ProgressKind::Tool, "Searching for"),
            ToolKind::Execute => (ProgressKind::Tool, "Running"),
            ToolKind::Think => (ProgressKind::Tool, "Considering"),
            ToolKind::Fetch => (ProgressKind::Tool, "Fetching"),
            ToolKind::Other => (ProgressKind::Tool, "Using"),
        };
        ProgressItem {
            kind,
            text: format!("{verb} {title}"),
            permille: None,
        }
    }
}

/// The agent's last word about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum AgentEnd {
    /// It thinks it is done. That proves nothing: its result is looked at.
    Completed,
    /// It gave up.
    Failed {
        /// Kind of failure.
        kind: FailureKind,
        /// In its words.
        message: String,
    },
}

/// Something that an agent did or said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgentEvent {
    /// It has begun (`session/new`). Each part may come alone, and again.
    Started {
        /// The session, by which it can be told to go on.
        session: Option<AgentSessionId>,
        /// Version of the program.
        version: Option<String>,
        /// The model that it talks to.
        model: Option<String>,
    },
    /// It thought something (`agent_thought_chunk`).
    Thought(String),
    /// It said something (`agent_message_chunk`).
    Message(String),
    /// It begins to use a tool (`tool_call`).
    ToolCall(ToolCall),
    /// A tool has ended (`tool_call_update`).
    ToolEnded {
        /// The call.
        id: String,
        /// What went wrong, if something did.
        error: Option<String>,
    },
    /// It would ask something if anybody were there (`elicitation/create`).
    Question(String),
    /// It consumed something (`usage_update`).
    Usage(UsageReport),
    /// Something to show as it is.
    Progress(ProgressItem),
    /// Something went wrong and it goes on, or a person should know. Kept for a failure's message.
    Warning(String),
    /// This line holds a result; the last of the best kind counts.
    Result(AgentResult),
    /// It cannot succeed any more, although it may go on trying: it is to be stopped.
    Hopeless {
        /// Kind of failure.
        kind: FailureKind,
        /// What happened and what to do.
        message: String,
    },
    /// Its last word; nothing that comes after takes it back but another one.
    Ended(AgentEnd),
    /// A line of a type that this version does not know. Counted.
    Unknown,
}

impl AgentEvent {
    /// The result that it tells, if it does.
    pub(crate) fn into_result(self) -> Option<AgentResult> {
        if let Self::Result(result) = self {
            Some(result)
        } else {
            None
        }
    }
}

//! What a model does when it is asked once.

use std::time::Duration;

use serde_json::Value;

use crate::model::Tokens;

/// An answer of the model, in words that are independent of the dialect. What is added first is sent
/// first.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    pub(crate) steps: Vec<Step>,
    pub(crate) end: End,
    pub(crate) tokens: Option<Tokens>,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    Think(String),
    Say(String),
    Shell(String),
    Read(String),
    Submit(Value),
}

/// How an answer ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// As it should.
    Complete,
    /// With an error and nothing else.
    Refuse(Refusal),
    /// Nothing comes, not even a status.
    HangBefore,
    /// Nothing comes any more after the steps.
    Hang,
    /// The connection is cut after the steps.
    Cut,
}

/// Why a model does not answer. The status and the words are those of the dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The key is not accepted: 401.
    Unauthorized,
    /// There were too many requests: 429, with `Retry-After` in whole seconds.
    RateLimited(Duration),
    /// The request is not understood: 400, with this message.
    Invalid(String),
    /// The server fails: 500.
    ServerError,
    /// The server has too much to do: 529, or 503 where the dialect has no 529.
    Overloaded,
}

impl Turn {
    /// An answer without content.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "nothing asks for a default answer"
    )]
    pub fn new() -> Self {
        Self::ending(End::Complete)
    }

    /// An error instead of an answer. Nothing is consumed.
    #[must_use]
    pub fn refuse(refusal: Refusal) -> Self {
        Self::ending(End::Refuse(refusal))
    }

    /// Not even a status comes, until the server ends or the longest hang is over.
    #[must_use]
    pub fn hang() -> Self {
        Self::ending(End::HangBefore)
    }

    /// Thinks aloud, where the dialect shows it.
    #[must_use]
    pub fn think(self, text: impl Into<String>) -> Self {
        self.step(Step::Think(text.into()))
    }

    /// Says something. An answer that says something and uses no tool is the model's last one: plain
    /// text instead of a result.
    #[must_use]
    pub fn say(self, text: impl Into<String>) -> Self {
        self.step(Step::Say(text.into()))
    }

    /// Runs a command with the agent's own tool for it.
    #[must_use]
    pub fn shell(self, command: impl Into<String>) -> Self {
        self.step(Step::Shell(command.into()))
    }

    /// Reads a file with the agent's own tool for it, or in its shell. A relative path is one in the
    /// agent's working directory.
    #[must_use]
    pub fn read(self, path: impl Into<String>) -> Self {
        self.step(Step::Read(path.into()))
    }

    /// Hands in the result. Where the dialect has a tool for it, that is used.
    #[must_use]
    pub fn submit(self, result: Value) -> Self {
        self.step(Step::Submit(result))
    }

    /// Hangs in the middle of the message: its beginning and the steps so far are sent, its end is not.
    #[must_use]
    pub fn then_hang(self) -> Self {
        Self {
            end: End::Hang,
            ..self
        }
    }

    /// Cuts the connection in the middle of the message, after the steps so far.
    #[must_use]
    pub fn then_cut(self) -> Self {
        Self {
            end: End::Cut,
            ..self
        }
    }

    /// What the answer costs, instead of [`Tokens::of_request`].
    #[must_use]
    pub fn costing(self, tokens: Tokens) -> Self {
        Self {
            tokens: Some(tokens),
            ..self
        }
    }

    fn ending(end: End) -> Self {
        Self {
            steps: Vec::new(),
            end,
            tokens: None,
        }
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

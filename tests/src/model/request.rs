//! What an agent asked the model, independent of the dialect.

use serde_json::Value;
use spec_core::Phase;

/// A protocol for asking a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// Anthropic's Messages, which Claude Code speaks.
    AnthropicMessages,
    /// `OpenAI`'s Responses, which Codex speaks.
    OpenAiResponses,
}

/// A request for an answer, as a [`Script`](super::Script) and a test see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// How many requests the server had got with this one: 1 for the first.
    pub number: u64,
    /// How it was asked.
    pub dialect: Dialect,
    /// The model that was asked for.
    pub model: String,
    /// The agent's name for its session. A session that is resumed keeps it.
    pub conversation: String,
    /// Everything in the conversation that is said in the user's name, oldest first: prompts, and what
    /// the agent adds of its own.
    pub user_texts: Vec<String>,
    /// How many answers of the model are in the conversation.
    pub assistant_turns: usize,
    /// What the tools in the conversation gave back, oldest first.
    pub tool_results: Vec<ToolResult>,
    /// Names of the tools that the agent offers.
    pub tools: Vec<String>,
    /// The schema that the result has to satisfy, if there is one.
    pub schema: Option<Value>,
    /// Whether the answer is wanted as a stream.
    pub streams: bool,
    /// The key that came with it.
    pub key: Key,
    /// Everything that was sent, without headers.
    pub body: Value,
}

/// What a tool gave back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolResult {
    /// The call.
    pub call: String,
    /// What came back, as text.
    pub text: String,
    /// Whether the agent says that it is an error. `OpenAiResponses` never does.
    pub is_error: bool,
}

/// What is remembered of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// None was sent.
    Absent,
    /// It is the expected one.
    Expected,
    /// It is another than the expected one, or none is expected.
    Other,
}

impl Request {
    /// The phase that the conversation is about: the last user text that begins like one of our prompts,
    /// `# EXPLORE` and so on, says so.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        self.user_texts.iter().rev().find_map(|text| {
            let title = text.trim_start().lines().next()?.strip_prefix("# ")?;
            let title = title.trim_end();
            Phase::ALL
                .into_iter()
                .find(|phase| phase.as_str().to_uppercase() == title)
        })
    }

    /// What the last tool gave back.
    #[must_use]
    pub fn last_tool_result(&self) -> Option<&ToolResult> {
        self.tool_results.last()
    }

    pub(crate) fn offers(&self, tool: &str) -> bool {
        self.tools.iter().any(|name| name == tool)
    }
}

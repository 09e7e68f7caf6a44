//! The task in words.

use super::AgentContext;

/// The prompt for a task.
#[must_use]
pub fn prompt(context: &AgentContext) -> String {
    context.description.as_str().to_owned()
}

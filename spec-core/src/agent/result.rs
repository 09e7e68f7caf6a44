//! Results in what an agent prints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a line holds of a result, from the least to the most reliable.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ResultKind {
    /// A message that may hold a document, as it is or in a fenced block.
    Message,
    /// A document that was handed over as such.
    Structured,
}

/// A result that an agent printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentResult {
    /// What it is.
    pub kind: ResultKind,
    /// Its text.
    pub text: String,
}

/// The document in a message: all of it, or its last fenced block that is one.
pub(crate) fn document_in(message: &str) -> Option<&str> {
    let is_document = |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|v| v.is_object());
    let whole = message.trim();
    if is_document(whole) {
        return Some(whole);
    }
    let mut found = None;
    let mut rest = message;
    while let Some((_, from)) = rest.split_once("```") {
        // The rest of the line names a language.
        let Some((_, body)) = from.split_once('\n') else {
            break;
        };
        let Some((block, after)) = body.split_once("```") else {
            break;
        };
        if is_document(block.trim()) {
            found = Some(block.trim());
        }
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_document_is_found_whole_or_in_the_last_fence_that_holds_one() {
        assert_eq!(document_in(" {\"a\":1}\n"), Some("{\"a\":1}"));
        assert_eq!(
            document_in("Here:\n```json\n{\"a\":1}\n```\nor\n```\n{\"a\":2}\n```\n```sh\nls\n```"),
            Some("{\"a\":2}")
        );
        for none in [
            "",
            "done",
            "```json\n{\"a\":1}",
            "```\n[1]\n```",
            "\"text\"",
        ] {
            assert_eq!(document_in(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn any_message_is_looked_through(text in "[`{}a\n]{0,60}") {
            if let Some(found) = document_in(&text) {
                prop_assert!(text.contains(found));
            }
        }
    }
}

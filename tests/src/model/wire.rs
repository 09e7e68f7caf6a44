//! What the dialects have in common on the wire: server-sent events, and texts that come in pieces.

use axum::body::Bytes;
use axum::http::StatusCode;
use serde_json::Value;

use crate::model::{Refusal, Tokens};

/// The longest piece of a text in one event.
const PIECE: usize = 1024;

/// A message, in the order in which it is sent.
#[derive(Debug)]
pub(crate) struct Message {
    /// Its beginning and its content: what is sent before a hang in the middle.
    pub(crate) opening: Vec<Event>,
    /// Its end.
    pub(crate) closing: Vec<Event>,
    /// All of it, for who wants no stream.
    pub(crate) whole: Value,
}

/// One event of a stream. Its name is the `type` of its data.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) data: Value,
    /// What the agent knows of the costs after it; `None` if it tells nothing new.
    pub(crate) told: Option<Tokens>,
}

impl Event {
    pub(crate) fn new(data: Value) -> Self {
        Self { data, told: None }
    }

    pub(crate) fn telling(data: Value, told: Tokens) -> Self {
        let told = Some(told);
        Self { data, told }
    }

    pub(crate) fn to_bytes(&self) -> Bytes {
        let name = self.data.get("type").and_then(Value::as_str);
        let name = name.unwrap_or_default();
        format!("event: {name}\ndata: {}\n\n", self.data).into()
    }
}

/// The names of an answer: its own, and those of its parts.
#[derive(Debug, Clone)]
pub(crate) struct Names(String);

impl Names {
    pub(crate) fn new() -> Self {
        Self(uuid::Uuid::now_v7().simple().to_string())
    }

    pub(crate) fn message(&self, prefix: &str) -> String {
        format!("{prefix}_{}", self.0)
    }

    pub(crate) fn part(&self, prefix: &str, index: usize) -> String {
        format!("{prefix}_{}_{index}", self.0)
    }
}

/// Cuts a text into pieces; at least one, which may be empty.
pub(crate) fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > PIECE {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// Status, kind and text of a refusal as a dialect says it, and after how many seconds to come again.
pub(crate) struct Wording {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    pub(crate) retry_after: Option<u64>,
}

impl Wording {
    pub(crate) fn new(status: StatusCode, body: Value, refusal: &Refusal) -> Self {
        let retry_after = match refusal {
            Refusal::RateLimited(after) => Some(after.as_secs()),
            Refusal::Unauthorized
            | Refusal::Invalid(_)
            | Refusal::ServerError
            | Refusal::Overloaded => None,
        };
        Self {
            status,
            body,
            retry_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_pieces_of_a_text_are_short_and_together_the_text(text in ".{0,3000}") {
            let pieces = pieces(&text);
            prop_assert!(pieces.iter().all(|piece| piece.len() <= PIECE));
            prop_assert_eq!(pieces.concat(), text);
        }
    }
}

//! What Codex's words for failures mean: it has no codes for them.

use serde_json::Value;

use crate::agent::program::{kind_of_status, shown, text_at};
use crate::attempt::FailureKind;

/// Words before the status of an answer.
const BEFORE_STATUS: [&str; 2] = ["unexpected status ", "last status: "];
/// Signs of a service that is not there or allows no more for now.
const UNAVAILABLE: [&str; 10] = [
    "stream disconnected",
    "error sending request",
    "connection failed",
    "connection refused",
    "timed out",
    "timeout waiting",
    "high demand",
    "overloaded",
    "at capacity",
    "quota exceeded",
];

/// Kind of failure.
pub(super) fn kind_of(said: &str) -> FailureKind {
    if let Some(status) = status(said) {
        return kind_of_status(status);
    }
    let said = said.to_lowercase();
    if said.contains("context window") {
        return FailureKind::AgentLimit;
    }
    if UNAVAILABLE.iter().any(|sign| said.contains(sign)) {
        return FailureKind::ModelUnavailable;
    }
    FailureKind::AgentFailed
}

/// Whether the key was refused.
pub(super) fn is_refused(said: &str) -> bool {
    status(said).map(kind_of_status) == Some(FailureKind::AgentUnauthorized)
}

/// The failure in words: of an answer that is passed on as it is, its message.
pub(super) fn failure(said: &str) -> String {
    let answer = serde_json::from_str::<Value>(said).ok();
    let message = answer.as_ref().and_then(|answer| {
        text_at(answer, "/error/message").or_else(|| text_at(answer, "/message"))
    });
    match message.unwrap_or(said).trim() {
        "" => "it gave no reason".to_owned(),
        said => shown(said),
    }
}

fn status(said: &str) -> Option<u64> {
    let after = BEFORE_STATUS
        .iter()
        .find_map(|before| said.split_once(before))?
        .1;
    let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart_by_their_words() {
        for (said, kind) in [
            (
                "unexpected status 401 Unauthorized: no, url: x",
                FailureKind::AgentUnauthorized,
            ),
            (
                "Reconnecting... 1/2 (unexpected status 403 Forbidden: no)",
                FailureKind::AgentUnauthorized,
            ),
            (
                "exceeded retry limit, last status: 429 Too Many Requests",
                FailureKind::ModelUnavailable,
            ),
            (
                "unexpected status 404 Not Found: x",
                FailureKind::AgentFailed,
            ),
            (
                "unexpected status 999999999999999999999 x",
                FailureKind::AgentFailed,
            ),
            (
                "stream disconnected before completion: x",
                FailureKind::ModelUnavailable,
            ),
            (
                "Quota exceeded. Check your plan",
                FailureKind::ModelUnavailable,
            ),
            (
                "Codex ran out of room in the model's context window.",
                FailureKind::AgentLimit,
            ),
            ("", FailureKind::AgentFailed),
        ] {
            assert_eq!(kind_of(said), kind, "{said}");
        }
    }

    #[test]
    fn of_an_answer_only_the_message_is_shown() {
        let answer = r#"{"error":{"message":"no such schema"}}"#;
        assert_eq!(failure(answer), "no such schema");
        assert_eq!(failure(" "), "it gave no reason");
    }
}

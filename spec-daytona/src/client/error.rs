//! Why a request to Daytona failed.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use spec_core::sandbox::{SpawnError, SpawnErrorKind};

/// Longest account of a failure that is kept, in characters.
const MAX_TEXT: usize = 500;

/// Why a request failed. Holds no credential.
#[derive(Debug)]
pub(crate) struct ApiError {
    kind: SpawnErrorKind,
    status: Option<StatusCode>,
    text: String,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What the API and the toolbox say of an error. Older toolboxes use the last form, or plain text.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Account {
    message: Option<Message>,
    error: Option<String>,
    code: Option<String>,
}

/// Validation errors come as a list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Message {
    One(String),
    Many(Vec<String>),
}

impl ApiError {
    /// An answer with a status other than success.
    pub(super) fn refusal(
        call: &str,
        status: StatusCode,
        body: &[u8],
        retry_after: Option<Duration>,
    ) -> Self {
        let account = account(body);
        let kind = kind_of(status, &account);
        let number = status.as_u16();
        let text = if account.is_empty() {
            format!("Daytona answered {number} to {call} and gave no reason")
        } else {
            format!("Daytona answered {number} to {call}: {account}")
        };
        Self {
            kind,
            status: Some(status),
            text,
            retry_after,
            source: None,
        }
    }

    /// No answer: nobody knows whether the request was carried out.
    pub(super) fn transport(call: &str, error: reqwest::Error) -> Self {
        let kind = if error.is_timeout() {
            SpawnErrorKind::Timeout
        } else if error.is_builder() {
            SpawnErrorKind::Internal
        } else {
            SpawnErrorKind::Unavailable
        };
        let text = if kind == SpawnErrorKind::Timeout {
            format!("Daytona did not answer {call} in time")
        } else {
            format!("Daytona cannot be reached for {call}")
        };
        Self {
            // The URL says no more than the call does, and might hold what a proxy was given.
            source: Some(Box::new(error.without_url())),
            ..Self::without_status(kind, text)
        }
    }

    /// An answer that makes no sense.
    pub(super) fn protocol(call: &str, what: &str) -> Self {
        Self::without_status(SpawnErrorKind::Protocol, format!("{call} {what}"))
    }

    pub(super) fn too_large(call: &str, max: usize) -> Self {
        let text = format!("the answer to {call} is longer than {max} bytes");
        Self::without_status(SpawnErrorKind::TooLarge, text)
    }

    /// A command that this adapter runs in a sandbox failed there.
    pub(crate) fn command(verb: &str, code: i32, said: &str) -> Self {
        let kind = if said.contains("No space left on device") {
            SpawnErrorKind::QuotaExceeded
        } else if !(0..=128).contains(&code) {
            // It could not run, or was ended from outside.
            SpawnErrorKind::Unavailable
        } else {
            SpawnErrorKind::Internal
        };
        let said = account(said.as_bytes());
        Self::without_status(
            kind,
            format!("`{verb}` ended with {code} in the sandbox: {said}"),
        )
    }

    /// A request that was given up on this side.
    pub(crate) fn interrupted(call: &str) -> Self {
        Self::connection(format!("{call} was interrupted"))
    }

    /// A connection that was lost, or never made.
    pub(super) fn connection(text: impl Into<String>) -> Self {
        Self::without_status(SpawnErrorKind::Unavailable, text.into())
    }

    fn without_status(kind: SpawnErrorKind, text: String) -> Self {
        Self {
            kind,
            status: None,
            text,
            retry_after: None,
            source: None,
        }
    }

    pub(super) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Takes a secret out of what the server said, in case it repeats what it was sent.
    pub(super) fn without_text(mut self, secret: &str) -> Self {
        self.text = self.text.replace(secret, "[redacted]");
        self
    }

    #[cfg(test)]
    fn kind(&self) -> SpawnErrorKind {
        self.kind
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    pub(crate) fn is_not_found(&self) -> bool {
        self.status == Some(StatusCode::NOT_FOUND)
    }

    /// 401 or 403.
    pub(crate) fn is_refused(&self) -> bool {
        self.kind == SpawnErrorKind::Unauthorized
    }

    /// 409 says that a name is taken, or that the sandbox is on its way to another state.
    pub(crate) fn is_conflict(&self) -> bool {
        self.status == Some(StatusCode::CONFLICT)
    }

    /// 400, which may also be said of a sandbox that was made and failed to start.
    pub(crate) fn is_bad_request(&self) -> bool {
        self.status == Some(StatusCode::BAD_REQUEST)
    }

    /// Whether the request may have been carried out all the same.
    pub(crate) fn is_unclear(&self) -> bool {
        match self.status {
            None => self.kind != SpawnErrorKind::Internal,
            Some(status) => status == StatusCode::REQUEST_TIMEOUT || status.is_server_error(),
        }
    }

    /// Whether the same request may succeed later.
    pub(crate) fn is_passing(&self) -> bool {
        // A quota is not among them: it is freed by others, and the caller decides how long to wait.
        matches!(
            self.kind,
            SpawnErrorKind::RateLimited
                | SpawnErrorKind::Timeout
                | SpawnErrorKind::Unavailable
                | SpawnErrorKind::Protocol
        )
    }

    /// The error for the caller of the spawner.
    pub(crate) fn into_spawn_error(self, what: impl Into<String>) -> SpawnError {
        let error = SpawnError::new(self.kind, what);
        let error = match self.retry_after {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        };
        error.with_source(self)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for ApiError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What the server says, whatever form it chose.
fn account(body: &[u8]) -> String {
    let parsed = serde_json::from_slice::<Account>(body);
    let text = match parsed {
        Ok(Account {
            message,
            error,
            code,
        }) => {
            let message = match message {
                Some(Message::One(message)) => Some(message),
                Some(Message::Many(messages)) => Some(messages.join("; ")),
                None => error,
            };
            match (message, code) {
                (Some(message), Some(code)) => format!("{message} ({code})"),
                (Some(text), None) | (None, Some(text)) => text,
                (None, None) => String::new(),
            }
        }
        Err(_) if body.trim_ascii_start().starts_with(b"<") => "a web page".to_owned(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    let shown = text.trim().chars();
    shown
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_TEXT)
        .collect()
}

fn kind_of(status: StatusCode, account: &str) -> SpawnErrorKind {
    let account = account.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| account.contains(phrase));
    match status.as_u16() {
        401 | 403 => SpawnErrorKind::Unauthorized,
        402 => SpawnErrorKind::QuotaExceeded,
        404 | 410 => SpawnErrorKind::NotFound,
        408 => SpawnErrorKind::Timeout,
        429 => SpawnErrorKind::RateLimited,
        409 | 500.. => SpawnErrorKind::Unavailable,
        // 400 is Daytona's word for many things.
        _ if says(&["limit exceeded", "limit reached", "quota"]) => SpawnErrorKind::QuotaExceeded,
        _ if says(&[
            "no available runners",
            "failed to start",
            "state change in progress",
            "not in a valid state",
        ]) =>
        {
            SpawnErrorKind::Unavailable
        }
        _ => SpawnErrorKind::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> ApiError {
        let status = StatusCode::from_u16(status).unwrap();
        ApiError::refusal("POST /sandbox", status, body.as_bytes(), None)
    }

    #[test]
    fn all_forms_of_an_error_are_understood() {
        for (body, said) in [
            (
                r#"{"path":"/api/sandbox","statusCode":409,"error":"Conflict","message":"taken"}"#,
                ": taken",
            ),
            (
                r#"{"statusCode":400,"message":["a is wrong","b is wrong"]}"#,
                ": a is wrong; b is wrong",
            ),
            (
                r#"{"message":"no such file","code":"FILE_NOT_FOUND","source":"DAYTONA_DAEMON"}"#,
                ": no such file (FILE_NOT_FOUND)",
            ),
            (r#"{"error":"pty is gone"}"#, ": pty is gone"),
            ("session not found", ": session not found"),
            ("<!doctype html><title>x", ": a web page"),
            ("", " and gave no reason"),
            (r#"{"message":7}"#, r#": {"message":7}"#),
        ] {
            let text = refused(409, body).to_string();
            assert_eq!(text, format!("Daytona answered 409 to POST /sandbox{said}"));
        }
    }

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        for (status, message, kind) in [
            (
                400,
                "Total disk limit exceeded",
                SpawnErrorKind::QuotaExceeded,
            ),
            (
                400,
                "Sandbox resource limit reached (16)",
                SpawnErrorKind::QuotaExceeded,
            ),
            (400, "No available runners", SpawnErrorKind::Unavailable),
            (
                400,
                "Sandbox state change in progress",
                SpawnErrorKind::Unavailable,
            ),
            (400, "Snapshot x not found", SpawnErrorKind::Rejected),
            (401, "", SpawnErrorKind::Unauthorized),
            (404, "", SpawnErrorKind::NotFound),
            (409, "", SpawnErrorKind::Unavailable),
            (429, "", SpawnErrorKind::RateLimited),
            (502, "", SpawnErrorKind::Unavailable),
        ] {
            assert_eq!(refused(status, message).kind(), kind, "{status} {message}");
        }
    }

    #[test]
    fn only_silence_and_broken_servers_leave_it_unclear_what_was_done() {
        assert!(refused(502, "").is_unclear());
        assert!(refused(408, "").is_unclear());
        assert!(ApiError::connection("cut").is_unclear());
        assert!(!refused(409, "").is_unclear());
        assert!(!refused(429, "").is_unclear());
    }

    #[test]
    fn what_a_server_repeats_of_a_key_is_not_shown() {
        let error = refused(401, "the key dtn_1 is unknown").without_text("dtn_1");
        assert!(error.to_string().ends_with("the key [redacted] is unknown"));
    }

    #[test]
    fn a_long_account_is_cut_and_cannot_draw_on_a_terminal() {
        let text = refused(400, &format!("\u{1b}[31m{}", "x".repeat(10_000))).to_string();
        assert!(text.len() < MAX_TEXT + 100);
        assert!(!text.contains('\u{1b}'));
    }
}

//! Checks of phase outputs: hard rules that veto, and advice that does not.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether a finding vetoes the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The output is refused.
    Error,
    /// The output is accepted; a person should look.
    Warning,
}

/// Something a check has to say about one place of an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Name of the rule, for example `references.unresolved`. Stable.
    pub rule: String,
    /// Whether it vetoes.
    pub severity: Severity,
    /// What is wrong, for a person or an agent to read.
    pub message: String,
    /// Where, as a JSON Pointer (RFC 6901) into the output; empty: the whole.
    pub pointer: String,
    /// What to do about it; empty when the message says it.
    #[serde(default)]
    pub fix: String,
}

impl Finding {
    /// A finding that vetoes.
    #[must_use]
    pub fn error(rule: &str, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Error, pointer.into(), message.into())
    }

    /// A finding that does not veto.
    #[must_use]
    pub fn warning(rule: &str, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Warning, pointer.into(), message.into())
    }

    fn new(rule: &str, severity: Severity, pointer: String, message: String) -> Self {
        Self {
            rule: rule.to_owned(),
            severity,
            message,
            pointer,
            fix: String::new(),
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rule,
            message,
            pointer,
            ..
        } = self;
        let place = if pointer.is_empty() { "/" } else { pointer };
        write!(f, "{place}: {message} [{rule}]")
    }
}

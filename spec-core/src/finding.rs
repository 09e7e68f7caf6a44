//! What a check has to say, and a bounded list of it.

use std::cmp::Ordering;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a finding vetoes the output.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The output is refused.
    Error,
    /// The output is accepted; a person should look.
    Warning,
}

/// Something a check has to say about one place of an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Name of the rule, for example `reference.unresolved`. Stable.
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

/// Findings kept per severity; more do not help whoever repairs the output.
pub(crate) const MAX_FINDINGS: usize = 100;
/// Characters of a pointer that are kept.
const MAX_POINTER_CHARS: usize = 500;

/// Collects findings: keeps the first [`MAX_FINDINGS`] of each severity and counts the rest.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    kept: Vec<Finding>,
    errors: usize,
    warnings: usize,
}

impl Findings {
    pub(crate) fn push(&mut self, mut finding: Finding) {
        // Keys are the agent's choice, and a pointer holds them whole.
        if let Some((at, _)) = finding.pointer.char_indices().nth(MAX_POINTER_CHARS) {
            finding.pointer.truncate(at);
            finding.pointer.push('…');
        }
        let count = match finding.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= MAX_FINDINGS {
            self.kept.push(finding);
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// True when further errors are counted only.
    pub(crate) fn is_full(&self) -> bool {
        self.errors >= MAX_FINDINGS
    }

    /// Errors first, each severity by pointer; then how many more there are.
    pub(crate) fn into_sorted(self) -> Vec<Finding> {
        let mut findings = self.kept;
        findings.sort_by(|a, b| {
            a.severity
                .cmp(&b.severity)
                .then_with(|| by_pointer(&a.pointer, &b.pointer))
                .then_with(|| a.rule.cmp(&b.rule))
                .then_with(|| a.message.cmp(&b.message))
        });
        let more = |count: usize| count.saturating_sub(MAX_FINDINGS);
        let errors = self.errors.min(MAX_FINDINGS);
        if more(self.errors) > 0 {
            let message = format!("{} more errors are not shown", more(self.errors));
            findings.insert(errors, Finding::error("findings.more", "", message));
        }
        if more(self.warnings) > 0 {
            let message = format!("{} more warnings are not shown", more(self.warnings));
            findings.push(Finding::warning("findings.more", "", message));
        }
        findings
    }
}

/// Compares pointers part by part, indexes as numbers: `/tasks/2` comes before `/tasks/10`.
fn by_pointer(a: &str, b: &str) -> Ordering {
    let key = |part: &str| part.parse::<u64>().ok();
    let (mut left, mut right) = (a.split('/'), b.split('/'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(l), Some(r)) => {
                let order = match (key(l), key(r)) {
                    (Some(l), Some(r)) => l.cmp(&r),
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (None, None) => l.cmp(r),
                };
                if order.is_ne() {
                    return order;
                }
            }
        }
    }
}

/// The pointer to a member of what `parent` points to.
pub(crate) fn child(parent: &str, key: &str) -> String {
    format!("{parent}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// `text` on one line, at most `max` characters, for use in a message.
pub(crate) fn shown(text: &str, max: usize) -> String {
    let mut shown = String::new();
    for (index, c) in text.chars().enumerate() {
        if index == max {
            shown.push('…');
            break;
        }
        shown.push(if c.is_control() { ' ' } else { c });
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_sort_by_part_and_indexes_by_value() {
        let mut findings = Findings::default();
        for pointer in ["/tasks/10", "/tasks/2/title", "", "/tasks/2", "/a"] {
            findings.push(Finding::error("r", pointer, "m"));
        }
        findings.push(Finding::warning("r", "", "m"));
        let sorted = findings.into_sorted();
        let pointers: Vec<_> = sorted.iter().map(|f| f.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            ["", "/a", "/tasks/2", "/tasks/2/title", "/tasks/10", ""]
        );
        assert_eq!(sorted[5].severity, Severity::Warning);
    }

    #[test]
    fn more_than_a_hundred_findings_are_counted_and_not_kept() {
        let mut findings = Findings::default();
        for index in 0..250 {
            findings.push(Finding::error("r", format!("/{index}"), "m"));
        }
        findings.push(Finding::warning("w", "", "m"));
        let sorted = findings.into_sorted();
        assert_eq!(sorted.len(), 102);
        assert_eq!(sorted[100].message, "150 more errors are not shown");
        assert_eq!(sorted[101].rule, "w");
    }

    #[test]
    fn a_key_without_end_does_not_make_a_finding_without_end() {
        let mut findings = Findings::default();
        let pointer = child("", &"é".repeat(1_000_000));
        findings.push(Finding::error("r", pointer, "m"));
        assert!(findings.into_sorted()[0].pointer.len() < 2000);
    }

    #[test]
    fn keys_are_escaped_in_pointers() {
        assert_eq!(child("/a", "b/c~d"), "/a/b~1c~0d");
    }
}

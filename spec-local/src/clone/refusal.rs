//! What git's complaints mean for the caller.

use spec_core::sandbox::{SpawnError, SpawnErrorKind};

/// Phrases, in the C locale, of failures that another try may overcome.
const TRANSIENT: [&str; 13] = [
    "could not resolve host",
    "temporary failure in name resolution",
    "connection refused",
    "connection reset",
    "connection timed out",
    "operation timed out",
    "network is unreachable",
    "early eof",
    "rpc failed",
    "unexpected disconnect",
    "the requested url returned error: 5",
    "the requested url returned error: 429",
    "failed to connect",
];

const UNAUTHORIZED: [&str; 5] = [
    "authentication failed",
    "could not read username",
    "could not read password",
    "permission denied (publickey",
    "the requested url returned error: 403",
];

/// The error for what git said.
pub(super) fn of(complaint: &str) -> SpawnError {
    let lower = complaint.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    let kind = if lower.contains("no space left on device") {
        SpawnErrorKind::QuotaExceeded
    } else if says(&UNAUTHORIZED) {
        SpawnErrorKind::Unauthorized
    } else if says(&TRANSIENT) {
        SpawnErrorKind::Unavailable
    } else {
        SpawnErrorKind::Rejected
    };
    SpawnError::new(kind, format!("git refused: {}", summary(complaint)))
}

/// The first line that names the cause; git's advice comes after it.
fn summary(complaint: &str) -> String {
    let lines = || complaint.lines().map(str::trim).filter(|l| !l.is_empty());
    let cause = lines()
        .find(|line| line.starts_with("fatal:") || line.starts_with("error:"))
        .or_else(|| lines().next_back())
        .unwrap_or("it gave no reason");
    let cause = cause
        .trim_start_matches("fatal:")
        .trim_start_matches("error:")
        .trim();
    format!("{cause:.400}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_repository_is_final_and_a_missing_network_is_not() {
        let missing = of("fatal: repository '/nowhere' does not exist\n");
        assert_eq!(missing.kind(), SpawnErrorKind::Rejected);
        assert_eq!(
            missing.to_string(),
            "git refused: repository '/nowhere' does not exist"
        );
        let offline = of("fatal: unable to access 'https://h/': Could not resolve host: h\n");
        assert!(offline.is_retryable());
        let refused = of("remote: no\nfatal: Authentication failed for 'https://h/'\n");
        assert_eq!(refused.kind(), SpawnErrorKind::Unauthorized);
    }
}

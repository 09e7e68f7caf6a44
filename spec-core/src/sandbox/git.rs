//! What adapters share that check repositories out with `git`: what its complaints mean, and what a
//! repository's URL may hold.

use super::{SpawnError, SpawnErrorKind};

/// A user name for remotes that want one and were given only a token.
pub const TOKEN_USER: &str = "git";

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

/// The error for what git said, in the C locale. Secrets must have been taken out of it.
#[must_use]
pub fn refusal(complaint: &str) -> SpawnError {
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

/// Refuses a URL that holds a password: it would stay in the repository's configuration.
///
/// # Errors
///
/// [`SpawnErrorKind::Rejected`], without the URL.
pub fn refuse_password_in(url: &str) -> Result<(), SpawnError> {
    let authority = url
        .split_once("://")
        .map(|(_, rest)| rest.split('/').next().unwrap_or_default());
    let has_password = authority
        .and_then(|authority| authority.rsplit_once('@'))
        .is_some_and(|(user, _)| user.contains(':'));
    if has_password {
        return Err(SpawnError::new(
            SpawnErrorKind::Rejected,
            "the repository's URL holds a password; give it as the checkout's password",
        ));
    }
    Ok(())
}

/// The address without its user name, which is handed over like a password. Only for HTTP: the
/// user name of other transports says which account to use and opens nothing by itself.
#[must_use]
pub fn split_user(url: &str) -> (String, Option<&str>) {
    let parts = url.split_once("://").and_then(|(scheme, rest)| {
        let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, _) = authority.rsplit_once('@')?;
        let rest = rest.get(user.len() + 1..)?;
        (is_http && !user.is_empty()).then_some((scheme, user, rest))
    });
    match parts {
        Some((scheme, user, rest)) => (format!("{scheme}://{rest}"), Some(user)),
        None => (url.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_repository_is_final_and_a_missing_network_is_not() {
        let missing = refusal("fatal: repository '/nowhere' does not exist\n");
        assert_eq!(missing.kind(), SpawnErrorKind::Rejected);
        assert_eq!(
            missing.to_string(),
            "git refused: repository '/nowhere' does not exist"
        );
        let offline = refusal("fatal: unable to access 'https://h/': Could not resolve host: h\n");
        assert!(offline.is_retryable());
        let refused = refusal("remote: no\nfatal: Authentication failed for 'https://h/'\n");
        assert_eq!(refused.kind(), SpawnErrorKind::Unauthorized);
    }
}

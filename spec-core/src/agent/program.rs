//! What agents that are known programs have in common: how they are configured, and the words in
//! which their decoders tell what they do.

use std::collections::BTreeMap;

use serde_json::Value;

use super::AgentEvent;
use crate::attempt::FailureKind;
use crate::invalid_input::InvalidInput;

/// Characters of a text that a person reads.
const MAX_TEXT_CHARS: usize = 500;

/// How a known program is to be run.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// A path, or a name to be found on the sandbox's `PATH`.
    pub(super) path: String,
    pub(super) args: Vec<String>,
    pub(super) env: BTreeMap<String, String>,
    pub(super) model: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) max_retries: Option<u32>,
}

impl Program {
    pub(super) fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            args: Vec::new(),
            env: BTreeMap::new(),
            model: None,
            endpoint: None,
            max_retries: None,
        }
    }
}

/// Checks the address of a model's service.
pub(super) fn check_endpoint(url: String) -> Result<String, InvalidInput> {
    // The URL itself may hold what must not be seen.
    let invalid = |reason| Err(InvalidInput::new("endpoint", reason));
    let Some(rest) = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
    else {
        return invalid("must begin with https:// or http://");
    };
    if url.len() > 2048 || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return invalid("must be at most 2048 bytes long, without spaces and control characters");
    }
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    if authority.contains('@') {
        return invalid("must not hold a user or a password; give the key apart from it");
    }
    if authority.is_empty() {
        return invalid("names no host");
    }
    Ok(url)
}

/// `text`, as long as a person reads it.
pub(super) fn shown(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_TEXT_CHARS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// `path`, relative to `folder` when it is inside of it.
pub(super) fn relative(path: &str, folder: Option<&str>) -> String {
    let inside = folder.and_then(|folder| {
        let inside = path.strip_prefix(folder.trim_end_matches('/'))?;
        inside.strip_prefix('/')
    });
    shown(inside.filter(|inside| !inside.is_empty()).unwrap_or(path))
}

/// The text at `pointer`, if one stands there.
pub(super) fn text_at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The count at `pointer`; 0 when none stands there.
pub(super) fn count_at(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// What an answer of the model's service other than success means for a run.
pub(super) fn kind_of_status(status: u64) -> FailureKind {
    match status {
        401 | 403 => FailureKind::AgentUnauthorized,
        // 402: the account has no credit, which may be topped up.
        402 | 408 | 409 | 429 | 500..=599 => FailureKind::ModelUnavailable,
        _ => FailureKind::AgentFailed,
    }
}

/// That the key is refused: no retry of the program's own will help.
pub(super) fn key_refused(variable: &str, said: &str) -> AgentEvent {
    AgentEvent::Hopeless {
        kind: FailureKind::AgentUnauthorized,
        message: format!(
            "the model's service refuses the key; check the one that is given as {variable}: {}",
            shown(said)
        ),
    }
}

/// What is to be said of a version that was not tested, if so.
pub(super) fn untested(program: &str, version: &str, tested: &str) -> Option<AgentEvent> {
    let is_tested = version
        .strip_prefix(tested)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '+']));
    (!is_tested).then(|| {
        AgentEvent::Warning(format!(
            "{program} {} is another version than the tested {tested}.x; what it prints may be misread",
            shown(version)
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_with_a_password_is_refused_without_printing_it() {
        for bad in [
            "https://me:hunter2@example.org/v1",
            "https://hunter2@example.org",
            "https://me:hunter2@example.org?x",
            "https://me:hunter2@example.org\\x",
            "ftp://hunter2",
            "https:///hunter2",
            "https://hunter2 ",
            "hunter2",
        ] {
            let error = check_endpoint(bad.to_owned()).unwrap_err();
            assert_eq!(error.field(), "endpoint");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        for good in ["http://127.0.0.1:80/a@b", "https://example.org"] {
            assert_eq!(check_endpoint(good.to_owned()).unwrap(), good);
        }
    }

    #[test]
    fn paths_inside_the_folder_are_told_from_there() {
        let folder = Some("/s/repo");
        assert_eq!(relative("/s/repo/a/b.rs", folder), "a/b.rs");
        for whole in ["/s/repository/a", "/s/repo", "/s/repo/", "a.rs"] {
            assert_eq!(relative(whole, folder), whole);
        }
        assert_eq!(relative("/s/repo/a", None), "/s/repo/a");
    }

    #[test]
    fn versions_are_compared_by_their_parts() {
        for tested in ["2.1.330", "2.1.0-beta", "2.1"] {
            assert_eq!(untested("x", tested, "2.1"), None);
        }
        for other in ["2.10.1", "3.0", "", "nonsense"] {
            assert!(untested("x", other, "2.1").is_some(), "{other}");
        }
    }
}

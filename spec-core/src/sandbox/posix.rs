//! What adapters share whose sandboxes have a POSIX shell: how a program is run to its end there, and
//! how that end is recorded.

use super::{RunEnd, RunRequest, SpawnError, SpawnErrorKind};

/// A shell script that runs one program to its end and records how it ended.
///
/// Arguments: a folder for the record, seconds, the path of `timeout`, a `PATH` for the script itself,
/// then the command, which is [`INNER`] by `sh -c` with the program after it. In the folder it leaves
/// `pid` once it has the run (of several supervisors of one folder the first to make that file runs
/// the program, and the others go away), `out` and `err`, and at the end `exit`, for [`parse_end`].
/// Needs `/proc`, as on Linux.
pub const SUPERVISOR: &str = include_str!("posix/supervise.sh");

/// Runs the program that its arguments name and leaves the exit code on descriptor 3, for
/// [`SUPERVISOR`]. What the shell itself says goes there as well: that is how a signal is told from an
/// exit code beyond 128. It outlives the signal that ends the program's time, to see the program end.
pub const INNER: &str = r#"exec 4>&2 2>&3
trap : TERM
(exec "$@" 2>&4 3>&- 4>&-)
echo "exit $?" >&3"#;

/// Reads the record that [`SUPERVISOR`] leaves of a run's end; `None` when it makes no sense.
#[must_use]
pub fn parse_end(text: &str) -> Option<RunEnd> {
    let text = text.trim();
    if text == "timed-out" {
        return Some(RunEnd::TimedOut);
    }
    let (how, number) = text.split_once(' ')?;
    let number: i32 = number.parse().ok()?;
    match how {
        "exited" => Some(RunEnd::Exited { code: number }),
        "signaled" => Some(RunEnd::Signaled { signal: number }),
        "lost" => Some(RunEnd::Lost {
            reason: format!("what ran it ended without telling how, with code {number}"),
        }),
        _ => None,
    }
}

/// Checks that a shell can hand the request's arguments and variables on.
///
/// # Errors
///
/// [`SpawnErrorKind::Rejected`] for a request without a program, for needed programs without a name,
/// for names that no shell takes for a variable, and for NUL characters.
pub fn check_request(request: &RunRequest) -> Result<(), SpawnError> {
    let rejected = |message| Err(SpawnError::new(SpawnErrorKind::Rejected, message));
    if request.argv.first().is_none_or(String::is_empty) {
        return rejected("no program is named".to_owned());
    }
    if request.argv.iter().any(|argument| argument.contains('\0')) {
        return rejected("an argument holds a NUL character".to_owned());
    }
    if request.needs.iter().any(String::is_empty) {
        return rejected("a needed program has no name".to_owned());
    }
    if request.needs.iter().any(|name| name.contains('\0')) {
        return rejected("the name of a needed program holds a NUL character".to_owned());
    }
    for (name, value) in request.variables() {
        if !is_variable_name(name) {
            return rejected(format!(
                "`{name:.100}` is not a name for an environment variable"
            ));
        }
        if value.contains('\0') {
            return rejected(format!(
                "the environment variable `{name}` holds a NUL character"
            ));
        }
    }
    Ok(())
}

/// Whether a shell takes `name` for that of a variable, and hands it on.
#[must_use]
pub fn is_variable_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `text` as one word of a POSIX shell, whatever it holds. NUL characters must be refused before.
#[must_use]
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Phase;
    use crate::id::{AttemptKey, AttemptNumber, RepairNumber, SpecId};

    fn needing(name: &str) -> RunRequest {
        let attempt = AttemptKey {
            spec_id: SpecId::from_uuid(uuid::Uuid::from_u128(1)),
            phase: Phase::Explore,
            attempt: AttemptNumber::new(1),
        };
        RunRequest {
            key: attempt.run_key(RepairNumber::new(0)),
            argv: vec!["sh".to_owned()],
            needs: vec!["env".to_owned(), name.to_owned()],
            env: [].into(),
            secrets: Vec::new(),
            timeout: std::time::Duration::from_secs(1),
        }
    }

    #[test]
    fn a_needed_program_without_a_proper_name_is_refused() {
        check_request(&needing("a b")).unwrap();
        for name in ["", "a\0b"] {
            let error = check_request(&needing(name)).unwrap_err();
            assert_eq!(error.kind(), SpawnErrorKind::Rejected, "{name:?}");
            assert!(error.to_string().contains("needed program"), "{error}");
        }
    }

    #[test]
    fn ends_are_read_back_and_nonsense_is_not() {
        assert_eq!(parse_end("exited 3\n"), Some(RunEnd::Exited { code: 3 }));
        assert_eq!(
            parse_end("signaled 9"),
            Some(RunEnd::Signaled { signal: 9 })
        );
        assert_eq!(parse_end("timed-out"), Some(RunEnd::TimedOut));
        assert!(matches!(parse_end("lost 127"), Some(RunEnd::Lost { .. })));
        for nonsense in ["", "exited", "exited x", "slept 3"] {
            assert_eq!(parse_end(nonsense), None);
        }
    }

    #[test]
    fn a_quoted_word_cannot_end_early() {
        assert_eq!(quote("it's $HOME"), r"'it'\''s $HOME'");
    }
}

//! The real coding agents, as `./test` installs them, for runs against a [scripted model](crate::model).

use std::io;
use std::path::PathBuf;

use crate::installed;

/// The program `claude` of Claude Code.
///
/// # Errors
///
/// When `./test` has not installed it, or another version; says what to do.
pub fn claude() -> io::Result<PathBuf> {
    program("claude")
}

/// The program `codex` of Codex.
///
/// # Errors
///
/// As [`claude`].
pub fn codex() -> io::Result<PathBuf> {
    program("codex")
}

fn program(name: &str) -> io::Result<PathBuf> {
    let folder = installed::folder("agents", "tests/agents/package-lock.json")?;
    Ok(folder.join("bin").join(name))
}

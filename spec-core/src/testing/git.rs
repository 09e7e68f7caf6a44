//! The `git` of this machine, for fixtures with real repositories.
#![expect(
    clippy::unwrap_used,
    clippy::must_use_candidate,
    reason = "a fixture that cannot be made is a panic, as in any test; and most commands are run for what \
              they do"
)]

use std::path::Path;
use std::process::Command;

/// Runs git in a folder, without the configuration of this machine, and hands out what it prints.
///
/// # Panics
///
/// When it is missing or refuses.
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

//! What is asked of a spawner.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{CommitId, Environment, Epoch, RunKey, SandboxKey};
use crate::invalid_input::InvalidInput;

/// Text that must not be seen. Prints as `[redacted]` and does not serialise.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the one place that hands it over.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A secret that a program reads from its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretEnv {
    /// Name of the variable.
    pub name: String,
    /// Its value.
    pub value: Secret,
}

/// A path below a sandbox's root: relative, with `/`, without `.`, `..` or empty parts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SandboxPath(String);

impl SandboxPath {
    /// Checks a path.
    ///
    /// # Errors
    ///
    /// Refuses paths that are absolute, leave the root, are not in normal form, hold control
    /// characters or are longer than 1,024 bytes.
    pub fn new(path: impl Into<String>) -> Result<Self, InvalidInput> {
        let path = path.into();
        let invalid = |reason| Err(InvalidInput::new("path", format!("`{path:.200}` {reason}")));
        if path.is_empty() || path.len() > 1024 {
            return invalid("must be 1 to 1024 bytes long");
        }
        if path.chars().any(|c| c.is_control() || c == '\\') {
            return invalid("must not hold control characters or backslashes");
        }
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return invalid("must be relative and free of empty, `.` and `..` parts");
        }
        Ok(Self(path))
    }

    /// A path inside the checked-out repository.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), for `path` itself.
    pub fn in_repository(path: &str) -> Result<Self, InvalidInput> {
        Self::new(path)?;
        Self::new(format!("repo/{path}"))
    }

    /// A path in the folder of one run, which is outside the repository.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), for `path` itself.
    pub fn in_run(run: &RunKey, path: &str) -> Result<Self, InvalidInput> {
        Self::new(path)?;
        Self::new(format!("runs/{run}/{path}"))
    }

    /// The folder of one run.
    #[must_use]
    pub fn run_folder(run: &RunKey) -> Self {
        Self(format!("runs/{run}"))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SandboxPath {
    type Error = InvalidInput;

    fn try_from(path: String) -> Result<Self, InvalidInput> {
        Self::new(path)
    }
}

impl From<SandboxPath> for String {
    fn from(path: SandboxPath) -> Self {
        path.0
    }
}

impl fmt::Display for SandboxPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SandboxPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A file to be written into a sandbox.
#[derive(Clone, PartialEq, Eq)]
pub struct SandboxFile {
    /// Where.
    pub path: SandboxPath,
    /// What.
    pub content: Vec<u8>,
    /// Whether the owner may execute it.
    pub executable: bool,
}

impl SandboxFile {
    /// A file that is not executable.
    #[must_use]
    pub fn new(path: SandboxPath, content: impl Into<Vec<u8>>) -> Self {
        Self {
            path,
            content: content.into(),
            executable: false,
        }
    }
}

impl fmt::Debug for SandboxFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxFile")
            .field("path", &self.path)
            .field("bytes", &self.content.len())
            .field("executable", &self.executable)
            .finish()
    }
}

/// What to check out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum CheckoutRef {
    /// The repository's default branch (`HEAD`), as it is when the sandbox is made.
    Default,
    /// A branch or tag, as it is when the sandbox is made.
    Name(String),
    /// Exactly this commit.
    Commit(CommitId),
}

/// A repository to check out.
#[derive(Clone)]
pub struct Checkout {
    /// Where it is: a URL without credentials, or a path that the spawner can reach.
    pub url: String,
    /// What to check out.
    pub reference: CheckoutRef,
    /// User name for the remote, if it wants one.
    pub username: Option<String>,
    /// Password or token for the remote.
    pub password: Option<Secret>,
}

impl Checkout {
    /// The default branch of the repository at `url`, which takes no credentials.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            reference: CheckoutRef::Default,
            username: None,
            password: None,
        }
    }

    /// Checks out `reference`.
    #[must_use]
    pub fn with_reference(mut self, reference: CheckoutRef) -> Self {
        self.reference = reference;
        self
    }

    /// Logs in at the remote. Many take any user name beside a token, such as `x-access-token`.
    #[must_use]
    pub fn with_credentials(mut self, username: impl Into<String>, password: Secret) -> Self {
        self.username = Some(username.into());
        self.password = Some(password);
        self
    }
}

impl fmt::Debug for Checkout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            url,
            reference,
            username,
            password,
        } = self;
        f.debug_struct("Checkout")
            .field("url", &without_user(url))
            .field("reference", reference)
            .field("username", username)
            .field("password", password)
            .finish()
    }
}

/// The URL as it may be shown: what stands before an `@` in its authority may be a password or a
/// token, although none belongs there.
fn without_user(url: &str) -> String {
    let shown = url.split_once("://").and_then(|(scheme, rest)| {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let (_, host) = authority.rsplit_once('@')?;
        Some(format!("{scheme}://[redacted]@{host}{path}"))
    });
    shown.unwrap_or_else(|| url.to_owned())
}

/// Labels that a sandbox carries at its provider.
pub type Labels = BTreeMap<String, String>;

/// What a sandbox is asked to be.
#[derive(Debug, Clone)]
pub struct SpawnRequest {
    /// Idempotency key, and the sandbox's name.
    pub key: SandboxKey,
    /// The environment it belongs to.
    pub environment: Environment,
    /// The runner's epoch when it asked; recorded, so that a person can tell who made it.
    pub epoch: Epoch,
    /// The repository.
    pub checkout: Checkout,
    /// Time to live, from its creation.
    pub ttl: Duration,
}

impl SpawnRequest {
    /// Labels by which a reaper finds what this library made.
    #[must_use]
    pub fn labels(&self) -> Labels {
        let mut labels = Self::managed_in(&self.environment);
        labels.extend(Self::managed_under(self.key));
        labels.insert("spec.epoch".to_owned(), self.epoch.to_string());
        labels
    }

    /// Those that a sandbox of this key carries, in whatever environment and whoever asked for it.
    #[must_use]
    pub fn managed_under(key: SandboxKey) -> Labels {
        let attempt = key.attempt();
        Labels::from([
            ("spec.managed".to_owned(), "true".to_owned()),
            ("spec.id".to_owned(), attempt.spec_id.to_string()),
            ("spec.phase".to_owned(), attempt.phase.to_string()),
            ("spec.attempt".to_owned(), attempt.attempt.to_string()),
        ])
    }

    /// Those that all sandboxes of an environment carry, and no others.
    #[must_use]
    pub fn managed_in(environment: &Environment) -> Labels {
        Labels::from([
            ("spec.managed".to_owned(), "true".to_owned()),
            ("spec.env".to_owned(), environment.to_string()),
        ])
    }
}

/// A program to be run.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// Idempotency key.
    pub key: RunKey,
    /// Program and arguments; no shell is involved.
    pub argv: Vec<String>,
    /// Programs that the run calls beside `argv[0]`: each is looked up as `argv[0]` is, by name on the
    /// run's `PATH`, or by path; the run does not start without them.
    pub needs: Vec<String>,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
    /// Secrets to be added to the environment of the program, and nowhere else.
    pub secrets: Vec<SecretEnv>,
    /// The spawner ends the run after this long, with [`RunEnd::TimedOut`](super::RunEnd::TimedOut).
    pub timeout: Duration,
}

impl RunRequest {
    /// The programs without which the run does not start: `argv[0]`, then what it needs.
    pub fn programs(&self) -> impl Iterator<Item = &str> {
        let needs = self.needs.iter();
        self.argv.iter().take(1).chain(needs).map(String::as_str)
    }

    /// All variables of the environment, secrets exposed: for the one place that hands them over.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let plain = self.env.iter().map(|(name, value)| (&**name, &**value));
        let secret = self.secrets.iter();
        plain.chain(secret.map(|secret| (&*secret.name, secret.value.expose())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_cannot_leave_the_root() {
        for bad in [
            "",
            "/etc/passwd",
            "a/../b",
            "..",
            "a//b",
            "a/",
            "./a",
            "a\\b",
            "a\0b",
        ] {
            assert!(SandboxPath::new(bad).is_err(), "{bad:?}");
            assert!(SandboxPath::in_repository(bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            SandboxPath::in_repository("src/a b.rs").unwrap().as_str(),
            "repo/src/a b.rs"
        );
    }

    #[test]
    fn secrets_and_file_contents_do_not_print() {
        let secret = SecretEnv {
            name: "KEY".to_owned(),
            value: Secret::new("hunter2"),
        };
        let file = SandboxFile::new(SandboxPath::new("a").unwrap(), "hunter2");
        let checkout = Checkout {
            url: "https://me:hunter2@example.org/a@b".to_owned(),
            reference: CheckoutRef::Default,
            username: None,
            password: Some(Secret::new("hunter2")),
        };
        let printed = format!("{secret:?} {file:?} {checkout:?}");
        assert!(printed.contains("@example.org/a@b"), "{printed}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

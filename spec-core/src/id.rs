//! Identifiers and counters, each a type of its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::invalid_input::InvalidInput;
use crate::phase::Phase;
use crate::wire_schema::wire_schema;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID.
            #[must_use]
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID.
            #[must_use]
            pub fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidInput;

            fn from_str(text: &str) -> Result<Self, InvalidInput> {
                text.parse().map(Self).map_err(|error: uuid::Error| {
                    InvalidInput::new($field, format!("not a UUID: {error}"))
                })
            }
        }

        wire_schema!($name, { "type": "string", "format": "uuid" });
    };
}

uuid_id!(
    /// Identifies a spec, everywhere and for ever.
    SpecId, "spec_id"
);
uuid_id!(
    /// Identifies one incarnation of a runner: made anew at every process start, so that a
    /// restarted process is never taken for its predecessor.
    RunnerId, "runner_id"
);

/// True when `text` can be shown on one line and stored by any backend.
fn is_printable_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $field:literal, $max:literal) => {
        $(#[$doc])*
        #[doc = concat!("\n\n1 to ", stringify!($max), " characters, none of them a control character.")]
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The longest value, in characters.
            pub const MAX_CHARS: usize = $max;

            /// Takes over the host's own string.
            ///
            /// # Errors
            ///
            /// Refuses text that is empty, too long, or holds control characters.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
                let text = text.into();
                let length = text.chars().count();
                if length == 0 {
                    Err(InvalidInput::new($field, "must not be empty"))
                } else if length > $max {
                    Err(InvalidInput::new(
                        $field,
                        format!("{length} characters; at most {} are allowed", $max),
                    ))
                } else if !is_printable_line(&text) {
                    Err(InvalidInput::new($field, "must not hold control characters"))
                } else {
                    Ok(Self(text))
                }
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidInput;

            fn try_from(text: String) -> Result<Self, InvalidInput> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidInput;

            fn from_str(text: &str) -> Result<Self, InvalidInput> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        wire_schema!($name, { "type": "string", "minLength": 1, "maxLength": $max });
    };
}

text_id!(
    /// Names a project in the host's own terms, for example by its path.
    ProjectId,
    "project_id",
    500
);
text_id!(
    /// Names a user in the host's own terms.
    UserId, "user_id", 200
);
text_id!(
    /// Names an agent that is registered with the machine.
    AgentName, "agent", 100
);
text_id!(
    /// Makes a launch repeatable: the same key of the same owner never makes a second spec.
    IdempotencyKey, "idempotency_key", 255
);
text_id!(
    /// Names the environment of a deployment: all that work on one store and one provider.
    ///
    /// Two stores must never share an environment at one provider. Runners of each would take the
    /// sandboxes of the other for [left over](crate::SpecStateMachine::reap), once they are [old
    /// enough](crate::RunnerConfig::with_orphan_age), and end them.
    Environment, "environment", 63
);
text_id!(
    /// Names something that one runner at a time does for all of them.
    Duty, "duty", 120
);
text_id!(
    /// The provider's own id of a sandbox.
    SandboxId, "sandbox_id", 255
);
text_id!(
    /// A position in a run's output, meaningful only to the spawner that issued it.
    OutputCursor, "cursor", 255
);
text_id!(
    /// An agent's own id of a conversation, by which it can be told to go on.
    AgentSessionId, "session", 255
);
text_id!(
    /// A git commit, as the hexadecimal hash that git prints.
    CommitId, "commit", 64
);

impl AgentName {
    /// What stands in an agent's place where the machine does the work itself.
    #[must_use]
    pub fn machine() -> Self {
        Self("machine".to_owned())
    }
}

impl AgentSessionId {
    /// An id for a session that `run` begins, where the host names sessions: a UUID that follows
    /// from the run alone.
    #[must_use]
    pub fn for_run(run: &RunKey) -> Self {
        let ContentHash(digest) = ContentHash::of(run.to_string().as_bytes());
        let mut bytes = [0; 16];
        for (byte, digit) in bytes.iter_mut().zip(digest) {
            *byte = digit;
        }
        Self(
            uuid::Builder::from_random_bytes(bytes)
                .into_uuid()
                .to_string(),
        )
    }
}

impl AttemptNumber {
    /// The first attempt.
    #[must_use]
    pub const fn first() -> Self {
        Self(1)
    }

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the form that serde asks for"
    )]
    pub(crate) fn is_first(&self) -> bool {
        self.0 == 1
    }
}

impl Environment {
    /// The environment of hosts that have only one.
    #[must_use]
    pub fn fallback() -> Self {
        Self("default".to_owned())
    }
}

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(u32);

        impl $name {
            /// Wraps a number.
            #[must_use]
            pub const fn new(number: u32) -> Self {
                Self(number)
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u32 {
                self.0
            }

            /// The number after this one.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$name> for i64 {
            fn from(counter: $name) -> Self {
                Self::from(counter.0)
            }
        }

        impl TryFrom<i64> for $name {
            type Error = std::num::TryFromIntError;

            fn try_from(number: i64) -> Result<Self, Self::Error> {
                u32::try_from(number).map(Self)
            }
        }

        wire_schema!($name, { "type": "integer", "minimum": 0, "maximum": u32::MAX });
    };
}

counter!(
    /// Version of a spec's state: 1 after creation, raised by every commit that changes it.
    Revision
);
counter!(
    /// Place of an event within its spec: dense, from 1. 0 means "before the first".
    Sequence
);
counter!(
    /// Raised whenever a spec changes its owner; a commit under an old epoch is refused.
    Epoch
);
counter!(
    /// Attempt at a phase, from 1.
    AttemptNumber
);
counter!(
    /// Repair within an attempt: 0 for its first run.
    RepairNumber
);
counter!(
    /// Version of an artifact within its phase, from 1.
    ArtifactVersion
);

/// SHA-256, printed as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// Wraps a digest.
    #[must_use]
    pub fn from_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Hashes bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::{Digest, Sha256};
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nibbles = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits = nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16));
        f.pad(&digits.collect::<String>())
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ContentHash {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let invalid = || InvalidInput::new("content_hash", "must be 64 hexadecimal digits");
        let mut digest = [0; 32];
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(invalid());
        }
        for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair)
                .ok()
                .and_then(|p| u8::from_str_radix(p, 16).ok());
            *byte = pair.ok_or_else(invalid)?;
        }
        Ok(Self(digest))
    }
}

impl Serialize for ContentHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

wire_schema!(ContentHash, { "type": "string", "pattern": "^[0-9a-f]{64}$" });

/// Identifies one attempt at one phase of one spec; the sandbox of the attempt is keyed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AttemptKey {
    /// The spec.
    pub spec_id: SpecId,
    /// The phase.
    pub phase: Phase,
    /// The attempt.
    pub attempt: AttemptNumber,
}

impl AttemptKey {
    /// Key of the sandbox of this attempt.
    #[must_use]
    pub fn sandbox_key(self) -> SandboxKey {
        SandboxKey(self)
    }

    /// Key of a run of this attempt.
    #[must_use]
    pub fn run_key(self, repair: RepairNumber) -> RunKey {
        RunKey {
            attempt: self,
            repair,
        }
    }
}

/// Idempotency key of a sandbox: asking for the same key twice yields the same sandbox.
///
/// Displays as `spec-<uuid>-<phase>-<attempt>`: at most 61 characters of `[a-z0-9-]`, so that it
/// serves as a name with every provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SandboxKey(AttemptKey);

impl SandboxKey {
    /// The attempt that the sandbox is for.
    #[must_use]
    pub fn attempt(self) -> AttemptKey {
        self.0
    }
}

impl fmt::Display for SandboxKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AttemptKey {
            spec_id,
            phase,
            attempt,
        } = self.0;
        write!(f, "spec-{spec_id}-{phase}-{attempt}")
    }
}

impl FromStr for SandboxKey {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let parse = || {
            let rest = text.strip_prefix("spec-")?;
            let (rest, attempt) = rest.rsplit_once('-')?;
            let (id, phase) = rest.rsplit_once('-')?;
            let key = AttemptKey {
                spec_id: id.parse().ok()?,
                phase: phase.parse().ok()?,
                attempt: AttemptNumber::new(attempt.parse().ok()?),
            };
            // Rejects other spellings of the same key, such as a leading zero.
            (key.sandbox_key().to_string() == text).then_some(key.sandbox_key())
        };
        parse().ok_or_else(|| {
            InvalidInput::new(
                "sandbox_key",
                format!("`{text}` is not spec-<uuid>-<phase>-<attempt>"),
            )
        })
    }
}

/// Idempotency key of a run: asking for the same key twice starts one process.
///
/// Displays as `<phase>-<attempt>-<repair>`, unique within a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunKey {
    /// The attempt it belongs to.
    pub attempt: AttemptKey,
    /// Which run of that attempt.
    pub repair: RepairNumber,
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}-{}-{}",
            self.attempt.phase, self.attempt.attempt, self.repair
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sandbox_keys_survive_their_text_and_fit_a_dns_label() {
        for phase in Phase::ALL {
            let key = AttemptKey {
                spec_id: SpecId::from_uuid(Uuid::from_u128(7)),
                phase,
                attempt: AttemptNumber::new(12),
            }
            .sandbox_key();
            let text = key.to_string();
            assert!(text.len() <= 63, "{text}");
            assert_eq!(text.parse::<SandboxKey>().unwrap(), key);
        }
        assert!("spec-x-explore-1".parse::<SandboxKey>().is_err());
    }

    #[test]
    fn text_ids_refuse_what_no_host_can_mean() {
        assert!(ProjectId::new("").is_err());
        assert!(ProjectId::new("a\nb").is_err());
        assert!(ProjectId::new("p".repeat(501)).is_err());
        assert_eq!(ProjectId::new("ü-1").unwrap().as_str(), "ü-1");
        assert!(serde_json::from_str::<ProjectId>("\"\"").is_err());
    }

    #[test]
    fn content_hash_round_trips_through_text() {
        let hash = ContentHash::of(b"spec");
        assert_eq!(hash.to_string().parse::<ContentHash>().unwrap(), hash);
        assert!("é".repeat(32).parse::<ContentHash>().is_err());
    }
}

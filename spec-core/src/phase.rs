//! The five phases and their order.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::invalid_input::InvalidInput;

/// A step from idea to spec. The derived order is the order of execution.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Read the repository with the idea in mind.
    Explore,
    /// Say what the system shall do.
    Requirements,
    /// Say how it will do it.
    Design,
    /// Split the work.
    Tasks,
    /// Check everything together and write it down.
    Sync,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 5] = [
        Self::Explore,
        Self::Requirements,
        Self::Design,
        Self::Tasks,
        Self::Sync,
    ];

    /// The phase after this one; `None` after the last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        match self {
            Self::Explore => Some(Self::Requirements),
            Self::Requirements => Some(Self::Design),
            Self::Design => Some(Self::Tasks),
            Self::Tasks => Some(Self::Sync),
            Self::Sync => None,
        }
    }

    /// The name on the wire and in tables: lower case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Explore => "explore",
            Self::Requirements => "requirements",
            Self::Design => "design",
            Self::Tasks => "tasks",
            Self::Sync => "sync",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Phase {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        Self::ALL
            .into_iter()
            .find(|phase| phase.as_str() == text)
            .ok_or_else(|| {
                InvalidInput::new(
                    "phase",
                    format!("`{text}` is none of explore, requirements, design, tasks, sync"),
                )
            })
    }
}

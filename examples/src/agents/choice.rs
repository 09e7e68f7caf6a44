//! Which agent is meant.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context as _, bail};
use spec_core::id::AgentName;

use super::vendor::Vendor;

const OFFLINE: &str = "offline";
/// What stands before the path of a program.
const COMMAND: &str = "command:";

/// An agent, as it is named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The agent of this workspace that follows rules.
    Offline,
    /// A program that talks to the models of a vendor.
    Model(Vendor),
    /// Any program that follows the file protocol, by its path or its name on the PATH.
    Command(String),
}

impl FromStr for Choice {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        if let Some(program) = text.strip_prefix(COMMAND) {
            let choice = Self::Command(program.to_owned());
            choice.name()?;
            return Ok(choice);
        }
        let vendor = Vendor::ALL.into_iter().find(|v| v.agent() == text);
        match (text, vendor) {
            (OFFLINE, _) => Ok(Self::Offline),
            (_, Some(vendor)) => Ok(Self::Model(vendor)),
            (_, None) => {
                let known = Vendor::ALL.map(Vendor::agent).join(", ");
                bail!("there are {OFFLINE}, {known} and {COMMAND}PATH")
            }
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offline => f.write_str(OFFLINE),
            Self::Model(vendor) => f.write_str(vendor.agent()),
            Self::Command(program) => write!(f, "{COMMAND}{program}"),
        }
    }
}

impl Choice {
    /// What it is called in policies and wherever it is shown. Programs are called `command:` and their
    /// file name, so that none can pass for another kind of agent.
    ///
    /// # Errors
    ///
    /// When a program has no file name that can be shown.
    pub fn name(&self) -> anyhow::Result<AgentName> {
        let name = match self {
            Self::Offline | Self::Model(_) => self.to_string(),
            Self::Command(program) => {
                let file = Path::new(program)
                    .file_name()
                    .and_then(|name| name.to_str());
                let file = file.filter(|_| !program.ends_with('/'));
                format!(
                    "{COMMAND}{}",
                    file.context("`command:` must name a program")?
                )
            }
        };
        AgentName::new(name).context("the program's name cannot be shown")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_named_as_it_is_chosen() {
        for text in ["offline", "claude-code", "codex", "command:my-agent"] {
            let choice: Choice = text.parse().unwrap();
            assert_eq!(choice.to_string(), text);
            assert_eq!(choice.name().unwrap().as_str(), text);
        }
        let choice: Choice = "command:/opt/agents/codex".parse().unwrap();
        assert_eq!(choice.name().unwrap().as_str(), "command:codex");
    }

    #[test]
    fn what_is_no_agent_is_refused_with_those_that_there_are() {
        for bad in ["", "claude", "Codex", "command", "gpt"] {
            let refused = bad.parse::<Choice>().unwrap_err().to_string();
            for known in ["offline", "claude-code", "codex", "command:PATH"] {
                assert!(refused.contains(known), "{bad}: {refused}");
            }
        }
        for bad in [
            "command:",
            "command:/",
            "command:bin/",
            "command:..",
            "command:a\nb",
        ] {
            assert!(bad.parse::<Choice>().is_err(), "{bad:?}");
        }
    }
}

//! The token that lets git into private repositories, from the environment only.

use std::env::VarError;

use anyhow::bail;
use spec_core::sandbox::Secret;

const TOKEN: &str = "GIT_TOKEN";
const HOST: &str = "GIT_HOST";
const USERNAME: &str = "GIT_USERNAME";
/// The host that a token is for when none is named.
const USUAL_HOST: &str = "github.com";

/// A token, and the one host that it is sent to.
#[derive(Debug, Clone)]
pub struct GitToken {
    token: Secret,
    host: String,
    username: Option<String>,
}

impl GitToken {
    /// Reads `GIT_TOKEN`, and `GIT_HOST` and `GIT_USERNAME` if they are set.
    ///
    /// # Errors
    ///
    /// When a variable cannot be used; names it and does not repeat its value.
    pub fn from_env() -> anyhow::Result<Option<Self>> {
        Self::from_variables(|name| std::env::var(name))
    }

    pub(super) fn from_variables(
        read: impl Fn(&str) -> Result<String, VarError>,
    ) -> anyhow::Result<Option<Self>> {
        let optional = |name: &str| match read(name) {
            Ok(value) if value.is_empty() => Ok(None),
            // Git asks for a line.
            Ok(value) if value.chars().any(char::is_control) => {
                bail!("the environment variable {name} must be one line")
            }
            Ok(value) => Ok(Some(value)),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => bail!("the environment variable {name} is not UTF-8"),
        };
        let Some(token) = optional(TOKEN)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            token: Secret::new(token),
            host: optional(HOST)?.unwrap_or_else(|| USUAL_HOST.to_owned()),
            username: optional(USERNAME)?,
        }))
    }

    pub(super) fn is_for(&self, host: &str) -> bool {
        self.host.eq_ignore_ascii_case(host)
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn username(&self) -> Option<String> {
        self.username.clone()
    }

    pub(super) fn secret(&self) -> Secret {
        self.token.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_printed_and_an_empty_one_is_none() {
        let read = |token: &'static str| {
            GitToken::from_variables(move |name| match name {
                TOKEN => Ok(token.to_owned()),
                _ => Err(VarError::NotPresent),
            })
        };
        let token = read("hunter2").unwrap().unwrap();
        assert!(token.is_for("github.com") && !token.is_for("gitlab.com"));
        assert!(!format!("{token:?}").contains("hunter2"));
        assert!(read("").unwrap().is_none());
        let refused = read("hunter2\n").unwrap_err();
        assert!(refused.to_string().contains(TOKEN), "{refused}");
        assert!(!format!("{refused:?}").contains("hunter2"), "{refused:?}");
    }
}

//! Vendors of models whose agents these programs know, and the keys to their models.

use std::env::VarError;

use anyhow::bail;
use spec_core::sandbox::Secret;

use super::endpoint::ModelEndpoint;

/// What goes to a model on this machine in a key's place: agents do not start without any.
const PLACEHOLDER: &str = "no-key-needed";

/// Who offers the models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// Claude Code's.
    Anthropic,
    /// Codex's.
    OpenAi,
}

/// What a key is to be sent as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// An API key.
    ApiKey,
    /// A bearer token, as gateways take it.
    BearerToken,
}

/// A key, and where it came from.
#[derive(Debug, Clone)]
pub struct Key {
    /// The key.
    pub secret: Secret,
    /// What it is.
    pub kind: KeyKind,
    /// Whether it only stands for one.
    pub is_placeholder: bool,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Anthropic, Self::OpenAi];

    /// The name of the agent that talks to its models.
    #[must_use]
    pub fn agent(self) -> &'static str {
        match self {
            Self::Anthropic => "claude-code",
            Self::OpenAi => "codex",
        }
    }

    /// Where its models are unless told otherwise.
    #[must_use]
    pub fn public_endpoint(self) -> &'static str {
        match self {
            Self::Anthropic => "https://api.anthropic.com",
            Self::OpenAi => "https://api.openai.com",
        }
    }

    /// The variables that may hold a key; the first that is set counts.
    fn variables(self) -> [(&'static str, KeyKind); 2] {
        match self {
            Self::Anthropic => [
                ("ANTHROPIC_API_KEY", KeyKind::ApiKey),
                ("ANTHROPIC_AUTH_TOKEN", KeyKind::BearerToken),
            ],
            Self::OpenAi => [
                ("OPENAI_API_KEY", KeyKind::ApiKey),
                ("CODEX_API_KEY", KeyKind::ApiKey),
            ],
        }
    }

    /// The key from the environment; a placeholder where none is set and the endpoint is this machine.
    ///
    /// # Errors
    ///
    /// When there is none, or it cannot be used; names the variable and does not repeat its value.
    pub fn key(
        self,
        endpoint: Option<&ModelEndpoint>,
        read: impl Fn(&str) -> Result<String, VarError>,
    ) -> anyhow::Result<Key> {
        for (variable, kind) in self.variables() {
            match read(variable) {
                Ok(key) if key.is_empty() => {}
                Ok(key) if key.bytes().all(|byte| byte.is_ascii_graphic()) => {
                    return Ok(Key {
                        secret: Secret::new(key),
                        kind,
                        is_placeholder: false,
                    });
                }
                Ok(_) | Err(VarError::NotUnicode(_)) => {
                    bail!(
                        "the environment variable {variable} must be printable ASCII without spaces"
                    )
                }
                Err(VarError::NotPresent) => {}
            }
        }
        if endpoint.is_some_and(ModelEndpoint::is_this_machine) {
            return Ok(Key {
                secret: Secret::new(PLACEHOLDER),
                kind: KeyKind::ApiKey,
                is_placeholder: true,
            });
        }
        let [(first, _), (second, _)] = self.variables();
        bail!(
            "agent `{}` needs a key for its model: neither {first} nor {second} is set in the environment \
             (none is needed with a --model-endpoint on this machine)",
            self.agent()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Result<String, VarError> {
        Err(VarError::NotPresent)
    }

    fn only(name: &'static str, value: &'static str) -> impl Fn(&str) -> Result<String, VarError> {
        move |asked| {
            if asked == name {
                Ok(value.to_owned())
            } else {
                none(asked)
            }
        }
    }

    #[test]
    fn each_vendor_has_two_variables_and_they_are_told_when_none_is_set() {
        for (vendor, variables) in [
            (
                Vendor::Anthropic,
                ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"],
            ),
            (Vendor::OpenAi, ["OPENAI_API_KEY", "CODEX_API_KEY"]),
        ] {
            let refused = vendor.key(None, none).unwrap_err().to_string();
            for variable in variables {
                assert!(refused.contains(variable), "{refused}");
                let key = vendor.key(None, only(variable, "hunter2")).unwrap();
                assert_eq!(key.secret.expose(), "hunter2");
                assert!(!key.is_placeholder);
                assert!(
                    vendor.key(None, only(variable, "")).is_err(),
                    "empty is none"
                );
            }
        }
    }

    #[test]
    fn a_token_is_not_sent_as_a_key() {
        let key = |variable| {
            let key = Vendor::Anthropic.key(None, only(variable, "hunter2"));
            key.unwrap().kind
        };
        assert_eq!(key("ANTHROPIC_API_KEY"), KeyKind::ApiKey);
        assert_eq!(key("ANTHROPIC_AUTH_TOKEN"), KeyKind::BearerToken);
    }

    #[test]
    fn only_a_model_on_this_machine_gets_a_placeholder() {
        let at = |url: &str| {
            let endpoint: ModelEndpoint = url.parse().unwrap();
            Vendor::OpenAi.key(Some(&endpoint), none)
        };
        assert!(at("http://127.0.0.1:9").unwrap().is_placeholder);
        assert!(at("https://models.example.org").is_err());
    }

    #[test]
    fn a_key_is_never_repeated() {
        let key = Vendor::OpenAi.key(None, only("OPENAI_API_KEY", "hunter2"));
        assert!(!format!("{key:?}").contains("hunter2"));
        for bad in ["hunter2 ", "hunter2\n", "hunter2ü"] {
            let refused = Vendor::OpenAi.key(None, only("OPENAI_API_KEY", bad));
            let refused = format!("{:?}", refused.unwrap_err());
            assert!(refused.contains("OPENAI_API_KEY"), "{refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }
}

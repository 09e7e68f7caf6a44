//! Where a model is.

use std::fmt;
use std::str::FromStr;

use anyhow::bail;
use clap::builder::ValueParserFactory;
use url::Url;

use crate::discreet::{Discreet, web_address};
use crate::repositories::is_this_machine;

/// Longest address, in characters.
const MAX_CHARS: usize = 500;

/// Base address of a service that offers models: what stands before `/v1`. Holds no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelEndpoint(Url);

impl FromStr for ModelEndpoint {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let mut url = web_address(text, "the key", "put the key into the environment")?;
        if text.chars().count() > MAX_CHARS {
            bail!("is longer than {MAX_CHARS} characters");
        }
        // Some write it with the version, and some without.
        let path = url.path().trim_end_matches('/');
        let base = path.strip_suffix("/v1").unwrap_or(path).to_owned();
        url.set_path(&base);
        Ok(Self(url))
    }
}

impl ValueParserFactory for ModelEndpoint {
    type Parser = Discreet<Self>;

    fn value_parser() -> Discreet<Self> {
        Discreet::new()
    }
}

impl fmt::Display for ModelEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl ModelEndpoint {
    /// The address itself.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// True when it is on the machine that asks.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        self.0.host().is_some_and(|host| is_this_machine(&host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_used_is_refused_without_being_repeated() {
        for bad in [
            "https://me:hunter2@models.example.org",
            "https://hunter2@models.example.org/v1",
            "https://models.example.org/?key=hunter2",
            "https://models.example.org/#hunter2",
            "http://models.example.org/hunter2",
            "ftp://models.example.org/hunter2",
            "unix:/hunter2",
            "hunter2",
            "",
        ] {
            let refused = bad.parse::<ModelEndpoint>().unwrap_err();
            assert!(!format!("{refused:?}").contains("hunter2"), "{refused:?}");
        }
    }

    #[test]
    fn an_address_may_end_with_its_version() {
        for text in [
            "https://models.example.org/team",
            "https://models.example.org/team/",
            "https://models.example.org/team/v1",
            "https://models.example.org/team/v1/",
        ] {
            let endpoint: ModelEndpoint = text.parse().unwrap();
            assert_eq!(endpoint.to_string(), "https://models.example.org/team");
        }
    }

    #[test]
    fn this_machine_is_told_from_all_others() {
        for (text, here) in [
            ("http://127.0.0.1:8099", true),
            ("http://localhost:8099/base/", true),
            ("http://[::1]:1", true),
            ("https://models.example.org", false),
            ("https://127.0.0.1.example.org", false),
        ] {
            let endpoint: ModelEndpoint = text.parse().unwrap();
            assert_eq!(endpoint.is_this_machine(), here, "{text}");
            assert_eq!(endpoint.to_string(), text.trim_end_matches('/'));
        }
    }
}

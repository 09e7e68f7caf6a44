//! Where Daytona is, who we are there, and how long to wait for it.

use std::fmt;
use std::time::Duration;

use spec_core::sandbox::Secret;
use url::{Host, Url};

const API_URL: &str = "DAYTONA_API_URL";
const API_KEY: &str = "DAYTONA_API_KEY";
const TARGET: &str = "DAYTONA_TARGET";
const ORGANIZATION_ID: &str = "DAYTONA_ORGANIZATION_ID";

/// Why a configuration cannot be used. Never holds the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// An environment variable is not set, or is empty.
    #[error("the environment variable {variable} is not set")]
    Missing {
        /// Its name.
        variable: &'static str,
    },
    /// An environment variable is not UTF-8.
    #[error("the environment variable {variable} is not UTF-8")]
    NotText {
        /// Its name.
        variable: &'static str,
    },
    /// The URL of the API cannot be used.
    #[error("the URL of the Daytona API {reason}")]
    InvalidUrl {
        /// What is wrong with it.
        reason: String,
    },
    /// The key cannot be sent in a header.
    #[error("the Daytona API key must be printable ASCII without white space")]
    InvalidKey,
}

/// Where Daytona is, who we are there, and how long to wait for it.
#[derive(Clone, PartialEq, Eq)]
pub struct DaytonaConfig {
    api_url: Url,
    api_key: Secret,
    target: Option<String>,
    organization_id: Option<String>,
    request_timeout: Duration,
}

impl DaytonaConfig {
    /// Longest wait for one answer, unless set otherwise. Daytona itself holds the answer to a
    /// request for a sandbox back for half a minute.
    pub const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(90);

    /// Names the API, for example `https://app.daytona.io/api`, and the key to it.
    ///
    /// # Errors
    ///
    /// Refuses a URL that is not `https`, except `http` to this machine itself; one that holds
    /// credentials, a query or a fragment; and a key that cannot be sent in a header.
    pub fn new(api_url: &str, api_key: impl Into<String>) -> Result<Self, ConfigError> {
        let api_key = api_key.into();
        if api_key.is_empty() || !api_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigError::InvalidKey);
        }
        Ok(Self {
            api_url: checked(api_url)?,
            api_key: Secret::new(api_key),
            target: None,
            organization_id: None,
            request_timeout: Self::DEFAULT_REQUEST_TIMEOUT,
        })
    }

    /// Reads `DAYTONA_API_URL`, `DAYTONA_API_KEY`, and, if they are set, `DAYTONA_TARGET` and
    /// `DAYTONA_ORGANIZATION_ID` from the environment of this process.
    ///
    /// The URL has no default, because it decides where the key goes.
    ///
    /// # Errors
    ///
    /// Names the variable that is missing, or says what is wrong with a value, as [`new`](Self::new).
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(|variable| match std::env::var(variable) {
            Ok(value) => Ok(Some(value)),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(ConfigError::NotText { variable }),
        })
    }

    fn from_variables(
        read: impl Fn(&'static str) -> Result<Option<String>, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let optional = |variable| Ok(read(variable)?.filter(|value| !value.is_empty()));
        let required = |variable| optional(variable)?.ok_or(ConfigError::Missing { variable });
        let mut config = Self::new(&required(API_URL)?, required(API_KEY)?)?;
        config.target = optional(TARGET)?;
        config.organization_id = optional(ORGANIZATION_ID)?;
        Ok(config)
    }

    /// Asks for sandboxes in this region instead of the organization's default.
    #[must_use]
    pub fn with_target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// Names the organization, for keys that are valid in several.
    #[must_use]
    pub fn with_organization_id(mut self, id: impl Into<String>) -> Self {
        self.organization_id = Some(id.into());
        self
    }

    /// Sets the longest wait for one answer.
    #[must_use]
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// URL of the API, without a slash at its end.
    #[must_use]
    pub fn api_url(&self) -> &str {
        self.api_url.as_str().trim_end_matches('/')
    }

    /// The region, if one was named.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// The organization, if one was named.
    #[must_use]
    pub fn organization_id(&self) -> Option<&str> {
        self.organization_id.as_deref()
    }

    /// The longest wait for one answer.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        self.request_timeout
    }
}

impl fmt::Debug for DaytonaConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DaytonaConfig")
            .field("api_url", &self.api_url())
            .field("api_key", &self.api_key)
            .field("target", &self.target)
            .field("organization_id", &self.organization_id)
            .field("request_timeout", &self.request_timeout)
            .finish()
    }
}

/// The text is left out of every message: somebody may have put a password into it.
fn checked(text: &str) -> Result<Url, ConfigError> {
    let invalid = |reason: &str| {
        Err(ConfigError::InvalidUrl {
            reason: reason.to_owned(),
        })
    };
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return invalid(&format!("cannot be read: {error}")),
    };
    let (Some(host), "http" | "https") = (url.host(), url.scheme()) else {
        return invalid("must begin with https://");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return invalid("must not hold credentials");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return invalid("must not hold a query or a fragment");
    }
    if url.scheme() == "http" && !is_loopback(&host) {
        return invalid("must begin with https://, or the key would travel in clear text");
    }
    Ok(url)
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const URL: &str = "https://app.daytona.io/api";

    fn from(variables: &[(&'static str, &str)]) -> Result<DaytonaConfig, ConfigError> {
        let variables: BTreeMap<_, _> = variables.iter().copied().collect();
        DaytonaConfig::from_variables(|name| Ok(variables.get(name).map(ToString::to_string)))
    }

    #[test]
    fn the_environment_names_everything() {
        let config = from(&[
            (API_URL, "https://app.daytona.io/api/"),
            (API_KEY, "dtn_1"),
            (TARGET, "eu"),
            (ORGANIZATION_ID, "org-1"),
        ])
        .unwrap();
        assert_eq!(config.api_url(), URL);
        assert_eq!(config.target(), Some("eu"));
        assert_eq!(config.organization_id(), Some("org-1"));
        assert_eq!(config.request_timeout(), Duration::from_secs(90));
    }

    #[test]
    fn an_incomplete_environment_is_refused_with_the_name_that_is_missing() {
        let missing = |variable| Err(ConfigError::Missing { variable });
        assert_eq!(from(&[(API_KEY, "dtn_1")]), missing(API_URL));
        assert_eq!(from(&[(API_URL, URL)]), missing(API_KEY));
        assert_eq!(from(&[(API_URL, URL), (API_KEY, "")]), missing(API_KEY));
    }

    #[test]
    fn what_is_optional_may_be_absent_or_empty() {
        let config = from(&[(API_URL, URL), (API_KEY, "dtn_1"), (TARGET, "")]).unwrap();
        assert_eq!(config.target(), None);
        assert_eq!(config.organization_id(), None);
    }

    #[test]
    fn the_key_is_never_printed() {
        let config = DaytonaConfig::new(URL, "dtn_secret").unwrap();
        let printed = format!("{config:?} {config:#?}");
        assert!(!printed.contains("dtn_secret"), "{printed}");
        assert!(printed.contains(URL), "{printed}");
    }

    #[test]
    fn a_key_that_no_header_can_carry_is_refused_without_being_repeated() {
        for key in ["", "a b", "a\nb", "schlüssel"] {
            let error = DaytonaConfig::new(URL, key).unwrap_err();
            assert_eq!(error, ConfigError::InvalidKey);
        }
    }

    #[test]
    fn the_key_travels_in_clear_text_to_this_machine_only() {
        for url in [
            "http://localhost:3000/api",
            "http://127.0.0.1/api",
            "http://[::1]:80/api",
        ] {
            assert!(DaytonaConfig::new(url, "k").is_ok(), "{url}");
        }
        for url in [
            "http://app.daytona.io/api",
            "http://localhost.example.org/api",
            "http://10.0.0.1/api",
        ] {
            assert!(DaytonaConfig::new(url, "k").is_err(), "{url}");
        }
    }

    #[test]
    fn a_url_that_is_not_a_plain_web_address_is_refused_without_being_repeated() {
        for url in [
            "app.daytona.io",
            "ftp://app.daytona.io/hunter2",
            "https://user:hunter2@app.daytona.io/api",
            "https://hunter2@app.daytona.io/api",
            "https://app.daytona.io/api?key=hunter2",
            "https://app.daytona.io/api#hunter2",
            "",
        ] {
            let message = DaytonaConfig::new(url, "k").unwrap_err().to_string();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}

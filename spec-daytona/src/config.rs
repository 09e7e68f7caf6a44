//! Where Daytona is, who we are there, and how long to wait for it.

mod sandbox;

pub use sandbox::{Image, Network, Resources};

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use spec_core::sandbox::Secret;
use url::{Host, Url};

const API_URL: &str = "DAYTONA_API_URL";
const API_KEY: &str = "DAYTONA_API_KEY";
const TARGET: &str = "DAYTONA_TARGET";
const ORGANIZATION_ID: &str = "DAYTONA_ORGANIZATION_ID";

/// Why a configuration cannot be used. Never holds the key.
#[derive(Debug, thiserror::Error)]
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
    /// No HTTP client can be made on this machine.
    #[error("cannot make an HTTP client")]
    Http {
        /// Why.
        source: reqwest::Error,
    },
}

/// Where Daytona is, who we are there, what sandboxes are made of, and how long to wait.
#[derive(Clone, PartialEq, Eq)]
pub struct DaytonaConfig {
    api_url: Url,
    api_key: Secret,
    target: Option<String>,
    organization_id: Option<String>,
    request_timeout: Duration,
    pub(crate) image: Image,
    pub(crate) network: Network,
    pub(crate) vault_secrets: BTreeMap<String, String>,
    pub(crate) required_endpoints: Vec<Url>,
    pub(crate) idle_limit: Duration,
    pub(crate) start_limit: Duration,
    pub(crate) checkout_limit: Duration,
    pub(crate) outage_limit: Duration,
    pub(crate) poll_interval: Duration,
    pub(crate) creates_per_minute: u32,
    pub(crate) requests_per_minute: u32,
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
            image: Image::default(),
            network: Network::default(),
            vault_secrets: BTreeMap::new(),
            required_endpoints: Vec::new(),
            idle_limit: Duration::from_hours(1),
            start_limit: Duration::from_mins(5),
            checkout_limit: Duration::from_mins(10),
            outage_limit: Duration::from_mins(5),
            poll_interval: Duration::from_millis(250),
            creates_per_minute: 100,
            requests_per_minute: 3000,
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

    /// Says what sandboxes are made from; otherwise from the organization's default snapshot.
    #[must_use]
    pub fn with_image(mut self, image: Image) -> Self {
        self.image = image;
        self
    }

    /// Makes sandboxes from this snapshot, by name or id.
    #[must_use]
    pub fn with_snapshot(self, snapshot: impl Into<String>) -> Self {
        self.with_image(Image::Snapshot(snapshot.into()))
    }

    /// Says what sandboxes can reach; otherwise everything that the organization's tier allows.
    #[must_use]
    pub fn with_network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Gives programs the environment variable `name` with a secret of Daytona's vault, so that the
    /// value itself is never in the sandbox: programs see a placeholder, for which Daytona puts the
    /// value into requests to hosts that the vault allows.
    #[must_use]
    pub fn with_vault_secret(
        mut self,
        name: impl Into<String>,
        vault_secret: impl Into<String>,
    ) -> Self {
        self.vault_secrets.insert(name.into(), vault_secret.into());
        self
    }

    /// Refuses sandboxes that cannot reach this address, for example that of the agent's model: the
    /// spec then fails at once and says so, and not when the agent has given up.
    #[must_use]
    pub fn with_required_endpoint(mut self, endpoint: Url) -> Self {
        self.required_endpoints.push(endpoint);
        self
    }

    /// After this long without a request to a sandbox, Daytona ends it: an hour unless set, in whole
    /// minutes, at least one. While a host follows a run it makes requests; this bounds how long a
    /// sandbox may be without any host.
    #[must_use]
    pub fn with_idle_limit(mut self, limit: Duration) -> Self {
        self.idle_limit = limit;
        self
    }

    /// Longest wait for a sandbox to start: five minutes unless set. Images that have to be built take
    /// longer than snapshots.
    #[must_use]
    pub fn with_start_limit(mut self, limit: Duration) -> Self {
        self.start_limit = limit;
        self
    }

    /// Longest time that git has for a checkout: ten minutes unless set.
    #[must_use]
    pub fn with_checkout_limit(mut self, limit: Duration) -> Self {
        self.checkout_limit = limit;
        self
    }

    /// How long a sandbox that Daytona calls started, and that does not answer, is asked again before
    /// an error is handed out, and likewise Daytona itself: five minutes unless set. The last request
    /// may take as long as any other.
    #[must_use]
    pub fn with_outage_limit(mut self, limit: Duration) -> Self {
        self.outage_limit = limit;
        self
    }

    /// Shortest wait before the same thing is asked again: a quarter of a second unless set, between a
    /// millisecond and a minute. Waits grow from there.
    #[must_use]
    pub fn with_poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval.min(Duration::from_mins(1));
        self
    }

    /// Requests that this process sends at most in a minute: sandboxes to make (100 unless set), and
    /// all others to the API (3,000 unless set), at least one of each. Daytona's own limits are those
    /// of the organization, which all replicas share: 300 and 10,000 in its lowest tier.
    #[must_use]
    pub fn with_rates(mut self, creates: u32, requests: u32) -> Self {
        self.creates_per_minute = creates;
        self.requests_per_minute = requests;
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

    pub(crate) fn url(&self) -> &Url {
        &self.api_url
    }

    pub(crate) fn api_key(&self) -> &Secret {
        &self.api_key
    }

    /// Whether the key may be sent to a host that the API has named. Over https the API vouches for
    /// it, and it must be reached over https itself; an API on this machine may name this machine.
    pub(crate) fn trusts(&self, url: &Url) -> bool {
        match (self.api_url.scheme(), url.scheme(), url.host()) {
            ("https", "https", Some(_)) => true,
            ("http", "http", Some(host)) => is_loopback(&host),
            _ => false,
        }
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
            .field("image", &self.image)
            .field("network", &self.network)
            .field("vault_secrets", &self.vault_secrets)
            .finish_non_exhaustive()
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
        let missing = |variables: &[_]| from(variables).unwrap_err().to_string();
        assert!(missing(&[(API_KEY, "dtn_1")]).contains(API_URL));
        assert!(missing(&[(API_URL, URL)]).contains(API_KEY));
        assert!(missing(&[(API_URL, URL), (API_KEY, "")]).contains(API_KEY));
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
            assert!(matches!(error, ConfigError::InvalidKey), "{error}");
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
    fn the_key_goes_to_hosts_that_the_api_names_over_https() {
        let trusts = |api: &str, url: &str| {
            let config = DaytonaConfig::new(api, "k").unwrap();
            config.trusts(&Url::parse(url).unwrap())
        };
        assert!(trusts(URL, "https://proxy.app.daytona.io/toolbox"));
        assert!(!trusts(URL, "http://proxy.app.daytona.io/toolbox"));
        assert!(!trusts(URL, "http://127.0.0.1/toolbox"));
        assert!(trusts("http://127.0.0.1:1/api", "http://127.0.0.1:2/t"));
        assert!(!trusts("http://127.0.0.1:1/api", "http://example.org/t"));
        assert!(!trusts("http://127.0.0.1:1/api", "https://example.org/t"));
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

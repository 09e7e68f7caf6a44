//! Which web pages may open a WebSocket. Browsers let every page open one to every server, and send
//! what they know of the server along; all they do is tell the page's origin.

use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use spec_core::InvalidInput;

/// Where a web page comes from: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: Scheme,
    /// In lower case.
    host: String,
    port: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Origin {
    /// Reads `https://app.example.org` or `http://localhost:5173`.
    pub(crate) fn new(text: &str) -> Result<Self, InvalidInput> {
        Self::parse(text).ok_or_else(|| {
            InvalidInput::new(
                "allowed_origins",
                "must be a scheme (http or https), a host and maybe a port, \
                 like https://app.example.org",
            )
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let scheme = match uri.scheme_str()? {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        };
        let is_bare = uri.path() == "/" && uri.query().is_none() && !text.ends_with('/');
        is_bare.then(|| Self::at(scheme, uri.authority()?))?
    }

    fn at(scheme: Scheme, authority: &Authority) -> Option<Self> {
        let host = authority.host();
        let port = match authority.as_str().strip_prefix(host)?.strip_prefix(':') {
            Some(port) => port.parse().ok()?,
            None if authority.as_str() != host => return None,
            None => scheme.default_port(),
        };
        Some(Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port,
        })
    }
}

impl Scheme {
    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Whether the page that a request comes from may open a WebSocket: one of the host that is asked, or
/// of an `allowed` origin. Requests that tell no origin come from no page.
pub(crate) fn may_connect(headers: &HeaderMap, uri: &Uri, allowed: &[Origin]) -> bool {
    let mut told = headers.get_all(ORIGIN).into_iter();
    let origin = match (told.next(), told.next()) {
        (None, _) => return true,
        (Some(only), None) => only.to_str().ok().and_then(Origin::parse),
        (Some(_), Some(_)) => None,
    };
    origin.is_some_and(|origin| allowed.contains(&origin) || is_of_host(&origin, headers, uri))
}

fn is_of_host(origin: &Origin, headers: &HeaderMap, uri: &Uri) -> bool {
    let host = headers.get(HOST);
    let asked = match host {
        Some(host) => Authority::try_from(host.as_bytes()).ok(),
        None => uri.authority().cloned(),
    };
    // Whether the page was fetched with TLS is not known here: a proxy may have taken it off.
    asked
        .and_then(|asked| Origin::at(origin.scheme, &asked))
        .is_some_and(|asked| asked == *origin)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn may(host: &'static str, origin: &'static str) -> bool {
        let headers = [(HOST, host), (ORIGIN, origin)];
        let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
        let allowed = [Origin::new("https://app.example.org").unwrap()];
        let headers = headers.into_iter().collect();
        may_connect(&headers, &Uri::from_static("/x"), &allowed)
    }

    #[test]
    fn pages_of_the_same_host_may_connect() {
        for (host, origin) in [
            ("localhost:8080", "http://localhost:8080"),
            ("Example.org", "https://example.org"),
            ("example.org", "http://EXAMPLE.org"),
            ("example.org:443", "https://example.org"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            assert!(may(host, origin), "{origin} at {host}");
        }
    }

    #[test]
    fn pages_of_other_hosts_may_not_unless_they_are_allowed() {
        assert!(may("api.example.org", "https://app.example.org"));
        assert!(may("api.example.org", "https://app.example.org:443"));
        for origin in [
            "https://evil.example",
            "http://app.example.org",
            "https://app.example.org:8443",
            "https://app.example.org.evil.example",
            "https://api.example.org@evil.example",
            "https://evil.example/api.example.org",
            "http://api.example.org:81",
            "ftp://api.example.org",
            "null",
            "",
            "api.example.org",
            "https://api.example.org:x",
            "https://api.example.org:99999",
        ] {
            assert!(!may("api.example.org", origin), "{origin}");
        }
    }

    #[test]
    fn a_request_that_comes_from_no_page_may_connect_and_one_with_two_origins_may_not() {
        let mut headers = HeaderMap::new();
        let uri = Uri::from_static("/x");
        assert!(may_connect(&headers, &uri, &[]));
        headers.insert(HOST, HeaderValue::from_static("a"));
        headers.append(ORIGIN, HeaderValue::from_static("http://a"));
        assert!(may_connect(&headers, &uri, &[]));
        headers.append(ORIGIN, HeaderValue::from_static("http://a"));
        assert!(!may_connect(&headers, &uri, &[]));
    }

    #[test]
    fn an_allowed_origin_has_no_path_and_no_user() {
        for text in [
            "https://a/",
            "https://a/b",
            "https://u@a",
            "a",
            "*",
            "https://",
        ] {
            assert!(Origin::new(text).is_err(), "{text}");
        }
    }
}

//! No web page commands a server on which it was not served.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN, UPGRADE};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::Next;
use axum::response::Response;
use spec_core::InvalidInput;

use crate::error::ApiError;

/// What browsers say of where a request comes from; pages cannot change it.
const FETCH_SITE: &str = "sec-fetch-site";

/// Origins beside the server's own from which browsers may send commands. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct AllowedOrigins(Arc<[String]>);

impl AllowedOrigins {
    pub(crate) fn new<T: AsRef<str>>(
        origins: impl IntoIterator<Item = T>,
    ) -> Result<Self, InvalidInput> {
        let origins = origins.into_iter().map(|origin| checked(origin.as_ref()));
        origins.collect::<Result<_, _>>().map(Self)
    }

    fn contains(&self, origin: &str) -> bool {
        self.0
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(origin))
    }
}

/// An origin has to be written as browsers write it, or it would never be met.
fn checked(origin: &str) -> Result<String, InvalidInput> {
    let uri: Option<Uri> = origin.parse().ok();
    let written = uri.as_ref().and_then(|uri| {
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        Some(format!("{scheme}://{authority}"))
    });
    match written {
        Some(written) if written.eq_ignore_ascii_case(origin) => Ok(written),
        Some(_) | None => Err(InvalidInput::new(
            "allowed_origins",
            format!(
                "`{origin}` is no origin: write scheme, host and port, for example \
                 `https://specs.example.org`, and nothing after them"
            ),
        )),
    }
}

/// Answers 403 to what a browser sends for a page of another origin, if it may change something.
///
/// Anybody's web page can make the browser of its reader send such requests to any address, a server
/// on the loopback address included. What is no browser sends none of the headers that are looked at.
pub(crate) async fn refuse_cross_origin(
    State(allowed): State<AllowedOrigins>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let is_safe = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    );
    // The same-origin policy, which keeps pages from reading answers, does not hold for WebSockets.
    let is_upgrade = request.headers().contains_key(UPGRADE);
    if (is_safe && !is_upgrade) || is_same_origin(request.uri(), request.headers(), &allowed) {
        Ok(next.run(request).await)
    } else {
        Err(ApiError::cross_origin())
    }
}

fn is_same_origin(uri: &Uri, headers: &HeaderMap, allowed: &AllowedOrigins) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    let origin = text(ORIGIN.as_str());
    if origin.is_some_and(|origin| allowed.contains(origin)) {
        return true;
    }
    // It is trusted more than a comparison with `Host`, which proxies rewrite.
    if let Some(site) = text(FETCH_SITE) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = origin else {
        return true;
    };
    let host = text(HOST.as_str()).or_else(|| uri.authority().map(Authority::as_str));
    let of_origin = origin.split_once("://").map(|(_, host)| host);
    matches!((of_origin, host), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_same(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        let allowed = AllowedOrigins::new(["https://ui.example.org"]).unwrap();
        is_same_origin(&Uri::from_static("/specs"), &headers, &allowed)
    }

    #[test]
    fn what_a_browser_says_of_the_site_decides() {
        for (site, same) in [
            ("same-origin", true),
            ("none", true),
            ("same-site", false),
            ("cross-site", false),
            ("", false),
            ("new-word", false),
        ] {
            assert_eq!(is_same(&[("sec-fetch-site", site)]), same, "{site}");
        }
    }

    #[test]
    fn older_browsers_are_known_by_the_origin() {
        for (origin, same) in [
            ("http://localhost:8080", true),
            ("http://LOCALHOST:8080", true),
            ("http://localhost:8081", false),
            ("http://localhost", false),
            ("https://evil.example", false),
            ("null", false),
            ("", false),
        ] {
            let headers = [("origin", origin), ("host", "localhost:8080")];
            assert_eq!(is_same(&headers), same, "{origin}");
        }
        assert!(!is_same(&[("origin", "http://localhost")]));
    }

    #[test]
    fn an_origin_that_is_allowed_is_let_in_from_another_site() {
        let allowed = ("origin", "https://ui.example.org");
        assert!(is_same(&[("sec-fetch-site", "cross-site"), allowed]));
        assert!(is_same(&[("host", "localhost"), allowed]));
        let other = ("origin", "https://ui.example.org.evil.example");
        assert!(!is_same(&[("sec-fetch-site", "cross-site"), other]));
    }

    #[test]
    fn what_is_no_browser_is_let_in() {
        assert!(is_same(&[]));
        assert!(is_same(&[("host", "localhost:8080")]));
    }

    #[test]
    fn an_origin_with_a_path_or_without_a_scheme_is_refused() {
        for wrong in [
            "",
            "*",
            "null",
            "example.org",
            "https://example.org/",
            "https://a/b",
        ] {
            assert!(AllowedOrigins::new([wrong]).is_err(), "{wrong}");
        }
        for right in [
            "https://example.org",
            "http://[::1]:3000",
            "HTTP://Example.org",
        ] {
            assert!(AllowedOrigins::new([right]).is_ok(), "{right}");
        }
    }
}

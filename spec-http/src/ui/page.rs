//! HTML, which is told where it is mounted.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{conditional, headers};

/// As `ui/index.html` has them, for a mount at the root.
const BASE: &str = r#"<base href="/" />"#;
const API: &str = r#"<meta name="spec-api" content="/api/v1" />"#;

pub(super) struct Page {
    html: String,
    policy: HeaderValue,
}

impl Page {
    /// The page of `template`, mounted at `base`, which ends with a slash.
    pub(super) fn render(template: &[u8], base: &str, api: &str) -> Self {
        let base = format!(r#"<base href="{}" />"#, escaped(base));
        let api = format!(r#"<meta name="spec-api" content="{}" />"#, escaped(api));
        let html = String::from_utf8_lossy(template)
            .replacen(BASE, &base, 1)
            .replacen(API, &api, 1);
        Self {
            html,
            policy: headers::PAGE_POLICY,
        }
    }

    /// A page for a frame, as it is.
    pub(super) fn frame(html: &[u8]) -> Self {
        Self {
            html: String::from_utf8_lossy(html).into_owned(),
            policy: headers::FRAME_POLICY,
        }
    }

    pub(super) fn respond(self, request: &HeaderMap) -> Response {
        let etag = conditional::etag(self.html.as_bytes(), "");
        let mut response = if conditional::is_held(request, &etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let mut response = Body::from(self.html).into_response();
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, html);
            response
        };
        let headers = response.headers_mut();
        headers.insert(ETAG, etag);
        headers.insert(CACHE_CONTROL, headers::REVALIDATE);
        headers::secure(headers, self.policy);
        response
    }
}

/// Where the pages are mounted when `requested` is the whole path and `matched` what is left of it below
/// the mount.
pub(super) fn base(requested: &str, matched: &str) -> String {
    // A path that is the mount itself, with or without a slash, is matched as "/".
    let mount = requested.strip_suffix(matched).unwrap_or(requested);
    absolute(mount)
}

/// `path` with one slash at its beginning and its end, and nothing that a browser would read as anything
/// but a path on this origin: it reads `//host` and `/\host` as another host.
pub(super) fn absolute(path: &str) -> String {
    let mut absolute = String::with_capacity(path.len() + 2);
    absolute.push('/');
    for byte in path.trim_matches('/').bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:@/".contains(&byte) {
            absolute.push(char::from(byte));
        } else {
            let _infallible = write!(absolute, "%{byte:02X}");
        }
    }
    if absolute.len() > 1 {
        absolute.push('/');
    }
    absolute
}

/// `text` as the value of an attribute in double quotes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_base_is_what_stands_before_the_page() {
        for (requested, matched, expected) in [
            ("/", "/", "/"),
            ("/specs", "/specs", "/"),
            ("/specs/1", "/specs/1", "/"),
            ("/tools", "/", "/tools/"),
            ("/tools/", "/", "/tools/"),
            ("/tools/specs/1", "/specs/1", "/tools/"),
            ("/a/b/specs", "/specs", "/a/b/"),
            ("/specs/specs/specs", "/specs", "/specs/specs/"),
            ("/t%20x/specs", "/specs", "/t%20x/"),
        ] {
            assert_eq!(base(requested, matched), expected, "{requested}");
        }
    }

    proptest! {
        #[test]
        fn no_path_leads_to_another_origin_or_out_of_its_attribute(path in "\\PC{0,40}") {
            let base = escaped(&absolute(&path));
            prop_assert!(base.starts_with('/') && base.ends_with('/'));
            prop_assert!(base == "/" || !base.starts_with("//"));
            prop_assert!(!base.contains(['"', '<', '>', '\\', ' ']));
        }

        #[test]
        fn an_attribute_is_not_left(text in "\\PC{0,40}") {
            prop_assert!(!escaped(&text).contains(['"', '<', '>']));
        }
    }
}

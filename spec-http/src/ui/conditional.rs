//! Requests for what the client may have already.

use axum::http::header::{ACCEPT_ENCODING, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue};
use sha2::{Digest as _, Sha256};

/// True when the client says that it has what `etag` names.
pub(super) fn is_held(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let Ok(etag) = etag.to_str() else {
        return false;
    };
    members(request.get_all(IF_NONE_MATCH).iter())
        .any(|held| held == "*" || held.strip_prefix("W/").unwrap_or(held) == etag)
}

/// True when the client takes gzip.
pub(super) fn takes_gzip(request: &HeaderMap) -> bool {
    members(request.get_all(ACCEPT_ENCODING).iter()).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        named && !parts.any(is_zero)
    })
}

/// Such as `q=0` or `Q=0.000`.
fn is_zero(parameter: &str) -> bool {
    parameter
        .strip_prefix(['q', 'Q'])
        .and_then(|rest| rest.trim_start().strip_prefix('='))
        .and_then(|weight| weight.trim().parse::<f32>().ok())
        .is_some_and(|weight| weight <= 0.0)
}

fn members<'a>(values: impl Iterator<Item = &'a HeaderValue>) -> impl Iterator<Item = &'a str> {
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

/// An entity tag of that content; `suffix` tells encodings of the same content apart.
pub(super) fn etag(content: &[u8], suffix: &str) -> HeaderValue {
    use std::fmt::Write as _;

    let mut tag = String::with_capacity(40);
    tag.push('"');
    for byte in Sha256::digest(content).iter().take(16) {
        let _infallible = write!(tag, "{byte:02x}");
    }
    tag.push_str(suffix);
    tag.push('"');
    HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(name: axum::http::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_tag_is_found_in_a_list_weak_or_not() {
        let etag = HeaderValue::from_static("\"a\"");
        for (held, is) in [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
            ("", false),
        ] {
            assert_eq!(is_held(&asking(IF_NONE_MATCH, held), &etag), is, "{held}");
        }
    }

    #[test]
    fn gzip_is_taken_unless_it_is_refused() {
        for (accepted, is) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("deflate, gzip; q=1", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("br", false),
            ("", false),
        ] {
            let request = asking(ACCEPT_ENCODING, accepted);
            assert_eq!(takes_gzip(&request), is, "{accepted}");
        }
    }
}

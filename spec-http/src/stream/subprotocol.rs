//! What is agreed on when a WebSocket is opened.

use axum::http::HeaderMap;
use axum::http::header::SEC_WEBSOCKET_PROTOCOL;

/// The subprotocol of the streams.
pub(crate) const SUBPROTOCOL: &str = "spec.v1";
/// Before a token that stands beside it.
const TOKEN: &str = "bearer.";

/// The subprotocols that a client offers.
pub(crate) fn offered(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|protocol| !protocol.is_empty())
}

/// The token that a client has put among them, which is the only place where the program of a web
/// page can put one.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    offered(headers).find_map(|protocol| protocol.strip_prefix(TOKEN))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let values = values.iter().map(|value| HeaderValue::from_static(value));
        values
            .map(|value| (SEC_WEBSOCKET_PROTOCOL, value))
            .collect()
    }

    #[test]
    fn a_token_is_found_wherever_it_is_offered() {
        for values in [
            &["spec.v1, bearer.t0p"][..],
            &["bearer.t0p,spec.v1"],
            &["spec.v1", "bearer.t0p"],
        ] {
            assert_eq!(token(&headers(values)), Some("t0p"), "{values:?}");
        }
        for values in [&[][..], &["spec.v1"], &["bearer"], &["x-bearer.t0p"]] {
            assert_eq!(token(&headers(values)), None, "{values:?}");
        }
        assert_eq!(token(&headers(&["bearer."])), Some(""));
    }
}

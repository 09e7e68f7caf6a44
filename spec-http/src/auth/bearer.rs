//! Fixed tokens in the header `Authorization`, or among the subprotocols of a WebSocket.

use std::fmt;

use async_trait::async_trait;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use axum::http::request::Parts;
use sha2::{Digest, Sha256};
use spec_core::id::UserId;

use super::{AuthError, Authenticator, Principal};
use crate::stream::subprotocol;

type TokenHash = [u8; 32];

/// Knows its callers by tokens that were fixed when the program started
/// (`Authorization: Bearer <token>`, RFC 6750).
///
/// The program of a web page cannot set that header when it opens a WebSocket. It offers the token as a
/// subprotocol instead, beside the one that it means:
/// `new WebSocket(url, ["spec.v1", "bearer." + token])`. The answer names `spec.v1` only. For this a
/// token has to consist of letters, digits and ``!#$%&'*+-.^_`|~``. A token is never taken from a URL,
/// which would be logged.
///
/// Keeps hashes only, and compares all of them in full, so that the time an answer takes tells nothing
/// about any token. Use tokens that cannot be guessed: 128 random bits or more.
#[derive(Clone)]
pub struct BearerTokens {
    users: Vec<(TokenHash, UserId)>,
}

impl BearerTokens {
    /// Each token stands for the user beside it. An empty token never matches.
    #[must_use]
    pub fn new<T: AsRef<str>>(tokens: impl IntoIterator<Item = (T, UserId)>) -> Self {
        Self {
            users: tokens
                .into_iter()
                .filter(|(token, _)| !token.as_ref().is_empty())
                .map(|(token, user)| (hash(token.as_ref()), user))
                .collect(),
        }
    }

    fn user(&self, token: &str) -> Option<&UserId> {
        let presented = hash(token);
        self.users.iter().fold(None, |found, (expected, user)| {
            if is_same(expected, &presented) {
                Some(user)
            } else {
                found
            }
        })
    }
}

/// The token that a request presents.
fn token(headers: &HeaderMap) -> Option<&str> {
    match headers.get(AUTHORIZATION) {
        Some(value) => {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            let is_bearer = scheme.eq_ignore_ascii_case("bearer");
            is_bearer.then(|| token.trim())
        }
        None if headers.contains_key(UPGRADE) => subprotocol::token(headers),
        None => None,
    }
}

fn hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

fn is_same(a: &TokenHash, b: &TokenHash) -> bool {
    a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

impl fmt::Debug for BearerTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerTokens")
            .field("tokens", &self.users.len())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Authenticator for BearerTokens {
    async fn authenticate(&self, parts: &mut Parts) -> Result<Principal, AuthError> {
        // Later layers and logs of the host have no business with it.
        for (name, value) in &mut parts.headers {
            if *name == AUTHORIZATION || *name == SEC_WEBSOCKET_PROTOCOL {
                value.set_sensitive(true);
            }
        }
        token(&parts.headers)
            .filter(|token| !token.is_empty())
            .and_then(|token| self.user(token))
            .map(|user| Principal::new(user.clone()))
            .ok_or(AuthError::Unauthenticated {
                challenge: "Bearer",
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_never_printed() {
        let tokens = BearerTokens::new([("t0p-secret", UserId::new("ada").unwrap())]);
        let printed = format!("{tokens:?}");
        assert!(!printed.contains("t0p-secret"), "{printed}");
    }

    #[test]
    fn a_token_stands_for_its_user_and_nothing_else_does() {
        let user = |name| UserId::new(name).unwrap();
        let tokens = BearerTokens::new([("a", user("ada")), ("b", user("bob")), ("", user("eve"))]);
        assert_eq!(tokens.user("a"), Some(&user("ada")));
        assert_eq!(tokens.user("b"), Some(&user("bob")));
        for wrong in ["", "c", "ab", "A"] {
            assert_eq!(tokens.user(wrong), None, "{wrong}");
        }
    }
}

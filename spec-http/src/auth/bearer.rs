//! Fixed tokens in the header `Authorization`.

use std::fmt;

use async_trait::async_trait;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use sha2::{Digest, Sha256};
use spec_core::id::UserId;

use super::{AuthError, Authenticator, Principal};

type TokenHash = [u8; 32];

/// Knows its callers by tokens that were fixed when the program started
/// (`Authorization: Bearer <token>`, RFC 6750).
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
        if let Some(value) = parts.headers.get_mut(AUTHORIZATION) {
            value.set_sensitive(true);
        }
        let header = parts.headers.get(AUTHORIZATION);
        header
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
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

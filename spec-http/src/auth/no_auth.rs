//! No authentication, for a server that only this machine can reach.

use std::net::{IpAddr, SocketAddr};

use async_trait::async_trait;
use axum::extract::ConnectInfo;
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use spec_core::InvalidInput;
use spec_core::id::UserId;

use super::{AuthError, Authenticator, Principal};

/// Takes every caller for one fixed user. **For a server that is bound to the loopback address, and
/// for nothing else.**
///
/// It refuses what it can tell to have come from elsewhere: a request whose `Host` is not
/// `localhost` or a loopback address (so that a web page cannot reach the server by way of a name
/// that it resolves to this machine), and one whose
/// [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo), where the host provides it, is another
/// machine's. It cannot see what the server is bound to; that is up to the host.
#[derive(Debug, Clone)]
pub struct NoAuth {
    user: UserId,
}

impl NoAuth {
    /// Every caller is the user `local`.
    ///
    /// # Errors
    ///
    /// None in practice: the name is a valid one.
    pub fn local() -> Result<Self, InvalidInput> {
        UserId::new("local").map(Self::user)
    }

    /// Every caller is `user`.
    #[must_use]
    pub fn user(user: UserId) -> Self {
        Self { user }
    }
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn came_from_here(parts: &Parts) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let host = parts.headers.get(HOST);
    // A request without `Host` does not come from a browser.
    peer.is_none_or(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback())
        && parts.uri.authority().is_none_or(is_loopback)
        && host.is_none_or(|host| {
            Authority::try_from(host.as_bytes()).is_ok_and(|host| is_loopback(&host))
        })
}

#[async_trait]
impl Authenticator for NoAuth {
    async fn authenticate(&self, parts: &mut Parts) -> Result<Principal, AuthError> {
        if came_from_here(parts) {
            Ok(Principal::new(self.user.clone()))
        } else {
            Err(AuthError::Forbidden)
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn parts(host: Option<&str>, peer: Option<&str>) -> Parts {
        let mut request = Request::get("/specs");
        if let Some(host) = host {
            request = request.header(HOST, host);
        }
        if let Some(peer) = peer {
            let peer: SocketAddr = peer.parse().unwrap();
            request = request.extension(ConnectInfo(peer));
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn only_callers_on_this_machine_are_let_in() {
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "[::1]:8080"] {
            assert!(came_from_here(&parts(Some(host), None)), "{host}");
        }
        for host in [
            "example.org",
            "localhost.example.org",
            "10.0.0.1",
            "",
            "a b",
        ] {
            assert!(!came_from_here(&parts(Some(host), None)), "{host}");
        }
        assert!(came_from_here(&parts(None, Some("[::ffff:127.0.0.1]:9"))));
        assert!(!came_from_here(&parts(
            Some("localhost"),
            Some("10.0.0.1:9")
        )));
    }
}

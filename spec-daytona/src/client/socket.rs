//! The socket by which the output of a command is followed.

use futures_util::StreamExt as _;
use reqwest::{Response, Upgraded};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::ApiError;

/// Longest message that is taken; Daytona's are of 1,024 bytes.
const MAX_MESSAGE: usize = 1024 * 1024;

/// A socket that carries the log of one command, from its first byte.
///
/// Made by the HTTP client, so that its proxies, its trust and whatever the host gave it apply.
#[derive(Debug)]
pub(crate) struct LogSocket {
    stream: WebSocketStream<Upgraded>,
}

/// What came over a socket.
#[derive(Debug)]
pub(crate) enum Received {
    Bytes(Vec<u8>),
    /// The server says that the command has ended, or the connection is lost: the log tells which.
    Closed,
}

impl LogSocket {
    /// A fresh value of `Sec-WebSocket-Key`.
    pub(super) fn key() -> String {
        generate_key()
    }

    pub(super) async fn accept(response: Response, key: &str) -> Result<Self, ApiError> {
        let call = "GET /process/session/{id}/command/{id}/logs";
        let accept = response.headers().get("Sec-WebSocket-Accept");
        let expected = derive_accept_key(key.as_bytes());
        if accept.is_none_or(|accept| accept.as_bytes() != expected.as_bytes()) {
            return Err(ApiError::protocol(
                call,
                "was answered by no WebSocket server",
            ));
        }
        let upgraded = response
            .upgrade()
            .await
            .map_err(|error| ApiError::transport(call, error))?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let stream = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
        Ok(Self { stream })
    }

    /// What comes next. May be dropped at any time without losing anything.
    pub(crate) async fn receive(&mut self) -> Received {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Binary(bytes))) => return Received::Bytes(bytes.into()),
                Some(Ok(Message::Text(text))) => {
                    return Received::Bytes(text.as_bytes().to_vec());
                }
                // Answered by the library when it reads on.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(close))) => {
                    tracing::debug!(?close, "a log socket was closed");
                    return Received::Closed;
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "a log socket was cut");
                    return Received::Closed;
                }
                None => return Received::Closed,
            }
        }
    }
}

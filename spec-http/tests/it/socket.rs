//! A client that opens a WebSocket.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// What a client keeps of what it has not read, in bytes.
const RECEIVE_BUFFER: u32 = 4096;

pub(crate) struct Socket {
    pub(crate) stream: WebSocketStream<TcpStream>,
    pub(crate) subprotocol: Option<String>,
}

/// What a server tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    Frame(Value),
    /// The connection ends, with this code.
    Closed(u16),
    /// The connection is gone.
    Gone,
}

impl Socket {
    /// Opens one; or the answer that refuses it.
    pub(crate) async fn try_open(
        server: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Box<Response>> {
        let url = format!("ws://{server}{path}");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().insert(*name, value);
        }
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(RECEIVE_BUFFER).unwrap();
        let connection = socket.connect(server).await.unwrap();
        match client_async(request, connection).await {
            Ok((stream, answer)) => Ok(Self {
                stream,
                subprotocol: answer
                    .headers()
                    .get("sec-websocket-protocol")
                    .map(|value| value.to_str().unwrap().to_owned()),
            }),
            Err(Error::Http(answer)) => Err(answer),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn open(server: SocketAddr, id: &str, last_event_id: u64) -> Self {
        let path = format!("/specs/{id}/ws?last_event_id={last_event_id}");
        let opened = Self::try_open(server, &path, &[]).await;
        opened.unwrap_or_else(|answer| panic!("{answer:?}"))
    }

    /// What is told next. Pings are answered.
    pub(crate) async fn next(&mut self) -> Told {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Told::Frame(serde_json::from_str(&text).unwrap());
                }
                Some(Ok(Message::Close(close))) => {
                    return Told::Closed(close.map_or(1005, |close| close.code.into()));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => panic!("{other:?}"),
                Some(Err(_)) | None => return Told::Gone,
            }
        }
    }

    /// What is told up to the end of the connection, without heartbeats.
    pub(crate) async fn rest(&mut self) -> (Vec<Value>, Told) {
        let mut frames = Vec::new();
        loop {
            match self.next().await {
                Told::Frame(frame) if frame["kind"] == "heartbeat" => {}
                Told::Frame(frame) => frames.push(frame),
                ended @ (Told::Closed(_) | Told::Gone) => return (frames, ended),
            }
        }
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.stream.send(message).await.unwrap();
    }
}

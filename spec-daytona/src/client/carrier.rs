//! What runs a command in a sandbox for as long as it takes, and lets it be listened to.
//!
//! Toolboxes of today have sessions for this, with their traps. Those to come have processes, of which
//! an outline was published and no description: `POST /processes`, `GET /processes/{id}/logs` as
//! server-sent events, `POST /processes/{id}/signals`. Either is used to carry a command and no more,
//! so that nothing depends on it that a run could lose.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use reqwest::Method;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use spec_core::sandbox::Channel;

use super::limits::Class;
use super::socket::{LogSocket, Received};
use super::toolbox::Toolbox;
use super::{ApiError, Client};
use crate::demux::Demux;

/// Longest event that is kept.
const MAX_EVENT: usize = 2 * 1024 * 1024;
/// A log may be followed for as long as a run lasts.
const FOLLOW_FOR: Duration = Duration::from_hours(24 * 30);

/// What a toolbox has to carry commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    Sessions,
    Processes,
}

/// A command that is carried.
#[derive(Debug, Clone)]
pub(crate) enum Carried {
    Session { session: String, command: String },
    Process { id: String },
}

impl Carried {
    /// As much as is known of a command before it is carried; `None` when nothing is.
    pub(crate) fn expected(carrier: Carrier, name: &str) -> Option<Self> {
        (carrier == Carrier::Sessions).then(|| Self::Session {
            session: name.to_owned(),
            command: String::new(),
        })
    }
}

/// What a carried command prints to standard output, from its first byte.
#[derive(Debug)]
pub(crate) enum Log {
    Socket(Box<LogSocket>, Demux),
    Events(EventLog),
}

/// Server-sent events of a log.
pub(crate) struct EventLog {
    chunks: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    line: Vec<u8>,
    lines: VecDeque<Vec<u8>>,
}

impl fmt::Debug for EventLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLog").finish_non_exhaustive()
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CreateProcess<'a> {
    shell_command: &'a str,
    stdin: &'static str,
    kind: &'static str,
}

#[derive(Debug, Deserialize)]
struct Created {
    id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LogEvent {
    channel: String,
    data: String,
    encoding: String,
    eof: bool,
}

impl Toolbox {
    /// What this toolbox has; sessions when it does not say.
    pub(crate) async fn carrier(&self, client: &Client) -> Result<Carrier, ApiError> {
        let request = self.request(client, Method::GET, &["processes"]);
        // Whatever stands before a toolbox may answer a page to anything.
        match client
            .answer::<IgnoredAny>(Class::Toolbox, request, "GET /processes")
            .await
        {
            Ok(_) => Ok(Carrier::Processes),
            Err(error) if error.is_passing() => Err(error),
            Err(_) => Ok(Carrier::Sessions),
        }
    }

    /// Starts a command of the shell. It is kept and shown to whoever asks, so that it holds no secret.
    pub(crate) async fn carry(
        &self,
        client: &Client,
        carrier: Carrier,
        name: &str,
        command: &str,
    ) -> Result<Carried, ApiError> {
        if carrier == Carrier::Sessions {
            self.create_session(client, name).await?;
            return Ok(Carried::Session {
                session: name.to_owned(),
                command: self.start_command(client, name, command).await?,
            });
        }
        let request = self
            .request(client, Method::POST, &["processes"])
            .json(&CreateProcess {
                shell_command: command,
                stdin: "none",
                kind: "exec",
            });
        let Created { id } = client
            .answer(Class::Toolbox, request, "POST /processes")
            .await?;
        Ok(Carried::Process { id })
    }

    /// Follows what a command prints, from its beginning.
    pub(crate) async fn listen(&self, client: &Client, carried: &Carried) -> Result<Log, ApiError> {
        let id = match carried {
            Carried::Session { session, command } => {
                let socket = self.follow(client, session, command, FOLLOW_FOR).await?;
                return Ok(Log::Socket(Box::new(socket), Demux::default()));
            }
            Carried::Process { id } => id,
        };
        let request = self
            .request(client, Method::GET, &["processes", id, "logs"])
            .query(&[("follow", "true")]);
        let call = "GET /processes/{id}/logs";
        let sent = client.send_within(Class::Toolbox, request, call, FOLLOW_FOR);
        let response = tokio::time::timeout(client.config().request_timeout(), sent)
            .await
            .map_err(|_elapsed| ApiError::connection(format!("no answer to {call} in time")))??;
        let chunks = response.bytes_stream();
        Ok(Log::Events(EventLog {
            chunks: chunks.map(|chunk| chunk.map(Into::into)).boxed(),
            line: Vec::new(),
            lines: VecDeque::new(),
        }))
    }

    /// Ends a command. Fine if it has ended.
    pub(crate) async fn drop_carried(
        &self,
        client: &Client,
        carried: &Carried,
    ) -> Result<(), ApiError> {
        let id = match carried {
            Carried::Session { session, .. } => return self.delete_session(client, session).await,
            Carried::Process { id } => id,
        };
        let request = self
            .request(client, Method::POST, &["processes", id, "signals"])
            .json(&serde_json::json!({ "signal": "SIGTERM" }));
        let call = "POST /processes/{id}/signals";
        match client.perform(Class::Toolbox, request, call).await {
            Err(error) if error.is_not_found() => Ok(()),
            outcome => outcome,
        }
    }
}

impl Log {
    /// What comes next. May be dropped at any time without losing anything.
    pub(crate) async fn receive(&mut self) -> Received {
        match self {
            Self::Events(events) => events.receive().await,
            Self::Socket(socket, demux) => match socket.receive().await {
                Received::Closed => Received::Closed,
                Received::Bytes(bytes) => {
                    let mut out = Vec::new();
                    demux.push(&bytes, |channel, bytes| match channel {
                        Channel::Stdout => out.extend_from_slice(bytes),
                        // What a shell complains of.
                        Channel::Stderr => {}
                    });
                    Received::Bytes(out)
                }
            },
        }
    }
}

impl EventLog {
    async fn receive(&mut self) -> Received {
        loop {
            while let Some(line) = self.lines.pop_front() {
                if let Some(received) = read(&line) {
                    return received;
                }
            }
            match self.chunks.next().await {
                Some(Ok(chunk)) => self.push(&chunk),
                Some(Err(error)) => {
                    tracing::debug!(error = %error.without_url(), "a log of events was cut");
                    return Received::Closed;
                }
                None => return Received::Closed,
            }
        }
    }

    fn push(&mut self, chunk: &[u8]) {
        for part in chunk.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + part.len() > MAX_EVENT {
                self.line.clear();
                continue;
            }
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.lines.push_back(std::mem::take(&mut self.line));
            }
        }
    }
}

/// One line of a stream of events; `None` when it says nothing.
fn read(line: &[u8]) -> Option<Received> {
    let data = line.strip_prefix(b"data:")?;
    let event: LogEvent = serde_json::from_slice(data.trim_ascii()).ok()?;
    if event.eof {
        return Some(Received::Closed);
    }
    if event.channel != "stdout" {
        return None;
    }
    let bytes = match event.encoding.as_str() {
        "base64" => STANDARD.decode(event.data).ok()?,
        _ => event.data.into_bytes(),
    };
    Some(Received::Bytes(bytes))
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    async fn received(chunks: Vec<Vec<u8>>) -> (Vec<u8>, bool) {
        let mut log = EventLog {
            chunks: stream::iter(chunks.into_iter().map(Ok)).boxed(),
            line: Vec::new(),
            lines: VecDeque::new(),
        };
        let mut bytes = Vec::new();
        while let Received::Bytes(more) = log.receive().await {
            bytes.extend(more);
        }
        (bytes, log.lines.is_empty())
    }

    #[tokio::test]
    async fn events_are_read_wherever_they_are_cut() {
        let text = "retry: 1\n\ndata: {\"channel\":\"stdout\",\"data\":\"one\\n\",\"encoding\":\"utf8\"}\n\n\
                    data: {\"channel\":\"stderr\",\"data\":\"no\"}\r\n\r\ndata: nonsense\n\n\
                    data: {\"channel\":\"stdout\",\"data\":\"dHdvCg==\",\"encoding\":\"base64\",\"seq\":3}\n\n\
                    data: {\"eof\":true}\n\n";
        for cut in 0..text.len() {
            let (head, tail) = text.as_bytes().split_at(cut);
            let (bytes, _) = received(vec![head.to_vec(), tail.to_vec()]).await;
            assert_eq!(bytes, b"one\ntwo\n", "cut at {cut}");
        }
    }

    #[tokio::test]
    async fn an_event_without_end_takes_no_memory() {
        let mut chunks = vec![vec![b'x'; MAX_EVENT / 2]; 5];
        chunks.push(b"\ndata: {\"channel\":\"stdout\",\"data\":\"a\"}\n".to_vec());
        let (bytes, _) = received(chunks).await;
        assert_eq!(bytes, b"a");
    }
}

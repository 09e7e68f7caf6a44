//! The log of a session's command: whole, or followed over a WebSocket.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, Path, RawQuery};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use crate::daytona::answer::{Answer, Refusal, text};
use crate::daytona::connection::Connection;
use crate::daytona::session::{POLL, Session, SessionCommand, find_command};
use crate::daytona::toolbox::{Activity, Here};
use crate::daytona::{Fault, labels, list};

/// Prefix of the sub-protocol that carries the version of an SDK.
const VERSION_PROTOCOL: &str = "X-Daytona-SDK-Version~";

/// In which of its shapes a log is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Text without marks.
    Merged,
    /// Text with marks.
    Marked,
    /// An object with the two streams apart.
    Split,
}

impl Shape {
    /// As the daemon decides, by the version of the SDK that asks.
    fn wanted(headers: &HeaderMap) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let version = header("x-daytona-sdk-version").or_else(|| {
            version_protocol(headers).and_then(|name| name.strip_prefix(VERSION_PROTOCOL))
        });
        let Some(version) = version else {
            let splits = header("x-daytona-split-output") == Some("true");
            return if splits { Self::Split } else { Self::Merged };
        };
        match parse_version(version) {
            Some(version) if version >= (0, 167, 0) => Self::Split,
            Some(version) if version < (0, 27, 0) => Self::Merged,
            Some(_) | None => Self::Marked,
        }
    }
}

/// The sub-protocol that carries a version, if one is offered.
fn version_protocol(headers: &HeaderMap) -> Option<&str> {
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let mut names = offered.split(',').map(str::trim);
    names.find(|name| name.starts_with(VERSION_PROTOCOL))
}

fn parse_version(version: &str) -> Option<(u64, u64, u64)> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let version = version.split(['-', '+']).next()?;
    let mut parts = version.split('.').map(|part| part.parse().ok());
    let parsed = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(parsed)
}

pub(crate) async fn logs(
    Extension(here): Extension<Here>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    Path((_, session, command)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Answer {
    let (session, command) = find_command(&here, &session, &command)?;
    let shape = Shape::wanted(&headers);
    let log = command.log();
    let Ok(mut upgrade) = upgrade else {
        let log = tokio::fs::read(log).await.map_err(Refusal::internal)?;
        return Ok(whole(&log, shape));
    };
    if let Some(protocol) = version_protocol(&headers) {
        upgrade = upgrade.protocols([protocol.to_owned()]);
    }
    let query = list::pairs(&query.unwrap_or_default());
    let follows = query
        .iter()
        .any(|(key, value)| key == "follow" && value == "true");
    let file = File::open(log).map_err(Refusal::internal)?;
    let cut = [Fault::SocketCut1006, Fault::SocketCut1011]
        .into_iter()
        .find(|fault| here.world.strikes(*fault));
    let mut stream = Stream {
        _activity: Activity::of(&here, &headers),
        cut: cut.map(|fault| (fault, here.world.with(|inner| inner.socket_cut_at))),
        here,
        connection,
        session,
        command,
        file,
        follows,
        filter: (shape == Shape::Merged).then(Vec::new),
        sent: 0,
    };
    let tasks = stream.here.world.tasks.clone();
    Ok(upgrade.on_upgrade(move |mut socket| {
        tasks.track_future(async move {
            stream.send_all(&mut socket).await;
            drop(stream);
        })
    }))
}

fn whole(log: &[u8], shape: Shape) -> Response {
    match shape {
        Shape::Merged => text(labels::merged(log)),
        Shape::Marked => text(log.to_vec()),
        Shape::Split => {
            let (stdout, stderr) = labels::split(log);
            Json(json!({
                "output": String::from_utf8_lossy(log),
                "stdout": String::from_utf8_lossy(&stdout),
                "stderr": String::from_utf8_lossy(&stderr),
            }))
            .into_response()
        }
    }
}

/// A log on its way. It always begins at the first byte.
struct Stream {
    /// An open socket is activity, unless it asks not to be.
    _activity: Option<Activity>,
    here: Here,
    connection: Connection,
    session: Arc<Session>,
    command: Arc<SessionCommand>,
    file: File,
    follows: bool,
    /// What may still become a mark, where marks are taken out.
    filter: Option<Vec<u8>>,
    /// After how many bytes it is cut, and how.
    cut: Option<(Fault, u64)>,
    sent: u64,
}

/// Why nothing more is sent.
enum End {
    /// All was sent.
    Done,
    /// The other side has gone.
    Left,
    /// This side goes without a word.
    Lost,
    /// The fault strikes.
    Cut(Fault),
}

impl Stream {
    async fn send_all(&mut self, socket: &mut WebSocket) {
        let ended = self.here.world.ended.clone();
        let running = self.here.running.clone();
        let end = tokio::select! {
            () = ended.cancelled() => End::Lost,
            () = running.cancelled() => End::Lost,
            end = self.pump(socket) => end,
        };
        tracing::debug!(sent = self.sent, "a followed log ended");
        let code = match end {
            End::Done => 1000,
            End::Cut(Fault::SocketCut1011) => 1011,
            End::Left => return,
            End::Lost | End::Cut(_) => return self.connection.cut(),
        };
        let frame = CloseFrame {
            code,
            reason: "".into(),
        };
        let _best_effort = socket.send(Message::Close(Some(frame))).await;
    }

    async fn pump(&mut self, socket: &mut WebSocket) -> End {
        let most = self.here.world.options.frame_bytes.clamp(1, 1024);
        let mut buffer = vec![0; most];
        loop {
            // Asked first, so that what was written before it is still sent.
            let is_over = !self.follows
                || self.command.exit_code().is_some()
                || self.session.deleted.is_cancelled();
            let room = self.cut.map_or(u64::MAX, |(_, at)| at - self.sent);
            let room = usize::try_from(room).unwrap_or(usize::MAX).min(most);
            let Ok(read) = self.file.read(buffer.get_mut(..room).unwrap_or_default()) else {
                return End::Lost;
            };
            if let Some((fault, at)) = self.cut
                && (self.sent + read as u64 >= at || (read == 0 && is_over))
            {
                let rest = buffer.get(..read).unwrap_or_default();
                let _best_effort = self.send(socket, rest).await;
                return End::Cut(fault);
            }
            if read > 0 {
                let bytes = buffer.get(..read).unwrap_or_default();
                if self.send(socket, bytes).await.is_err() {
                    return End::Left;
                }
                continue;
            }
            if is_over {
                let rest = self.filter.take().unwrap_or_default();
                return match self.send(socket, &rest).await {
                    Ok(()) => End::Done,
                    Err(_) => End::Left,
                };
            }
            tokio::select! {
                message = socket.recv() => match message {
                    // Pings are answered below this.
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Left,
                    Some(Ok(_)) => {}
                },
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Sends bytes of the log, without marks if they are not wanted.
    async fn send(&mut self, socket: &mut WebSocket, bytes: &[u8]) -> Result<(), axum::Error> {
        self.sent += bytes.len() as u64;
        let bytes = match &mut self.filter {
            None => bytes.to_vec(),
            Some(held) => {
                held.extend_from_slice(bytes);
                let safe = held.len() - unfinished_mark(held);
                let rest = held.split_off(safe);
                labels::merged(&std::mem::replace(held, rest))
            }
        };
        if bytes.is_empty() {
            return Ok(());
        }
        socket.send(Message::Binary(Bytes::from(bytes))).await
    }
}

/// How many bytes at the end may be the beginning of a mark.
fn unfinished_mark(bytes: &[u8]) -> usize {
    let is_start =
        |tail: &[u8]| labels::STDOUT.starts_with(tail) || labels::STDERR.starts_with(tail);
    // Two whole marks may stand side by side: counted from the beginning of the run.
    let run = |mark: u8| bytes.iter().rev().take_while(|byte| **byte == mark).count() % 3;
    let most = run(1).max(run(2));
    let tail = bytes.get(bytes.len() - most..).unwrap_or_default();
    if is_start(tail) { most } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(headers: &[(&'static str, &'static str)]) -> Shape {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        Shape::wanted(&headers)
    }

    #[test]
    fn the_shape_of_a_log_goes_by_the_version_of_the_sdk() {
        let version = "x-daytona-sdk-version";
        assert_eq!(shape(&[]), Shape::Merged);
        assert_eq!(shape(&[("x-daytona-split-output", "true")]), Shape::Split);
        assert_eq!(shape(&[(version, "0.205.1")]), Shape::Split);
        assert_eq!(shape(&[(version, "0.167.0")]), Shape::Split);
        assert_eq!(shape(&[(version, "0.166.9")]), Shape::Marked);
        assert_eq!(shape(&[(version, "rusty")]), Shape::Marked);
        assert_eq!(shape(&[(version, "0.26.0")]), Shape::Merged);
        let protocol = [("sec-websocket-protocol", "X-Daytona-SDK-Version~0.226.1")];
        assert_eq!(shape(&protocol), Shape::Split);
    }

    #[test]
    fn only_the_beginning_of_a_mark_is_held_back() {
        assert_eq!(unfinished_mark(b"ab\x01"), 1);
        assert_eq!(unfinished_mark(b"ab\x02\x02"), 2);
        assert_eq!(unfinished_mark(b"ab\x01\x01\x01"), 0);
        assert_eq!(unfinished_mark(b"ab"), 0);
    }
}

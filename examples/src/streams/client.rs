//! Clients: one that asks and is answered, and readers of streams that check what they are told.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use spec_core::clock::{Clock as _, SystemClock};
use spec_core::id::SpecId;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// What the system keeps of what a reader has not read, in bytes.
const RECEIVE_BUFFER: u32 = 8 * 1024;
/// A slow reader takes so many bytes, so often.
const SIP: usize = 64;
const SIP_EVERY: Duration = Duration::from_millis(200);
/// The longest frame that is read.
const LONGEST_FRAME: usize = 1024 * 1024;

/// Asks once, and tells the body of the answer.
pub(super) async fn ask(
    server: SocketAddr,
    method: &str,
    path: &str,
    token: &str,
    body: Option<&Value>,
) -> anyhow::Result<Value> {
    let mut connection = TcpStream::connect(server).await?;
    let body = body.map_or(String::new(), Value::to_string);
    // After an answer of HTTP/1.0 the connection ends.
    let request = format!(
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no whole answer")?;
    let status = head.lines().next().unwrap_or_default();
    ensure!(status.contains(" 20"), "{method} {path}: {status}: {body}");
    Ok(serde_json::from_str(body)?)
}

/// How a reader reads.
#[derive(Debug, Clone)]
pub(super) enum Pace {
    Fast,
    /// A few bytes now and then, until this is cancelled; then it comes back and reads the rest.
    SlowUntil(CancellationToken),
}

/// One reader of one spec.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) server: SocketAddr,
    pub(super) spec: SpecId,
    pub(super) token: String,
    pub(super) pace: Pace,
    /// Ignores one event, which must not go unnoticed.
    pub(super) loses_one: bool,
    /// Learns that the first event has come.
    pub(super) opened: mpsc::Sender<()>,
}

/// What a reader was told.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The place of the last event.
    pub(super) last: u64,
    pub(super) events: u64,
    pub(super) lost: u64,
    pub(super) repeated: u64,
    pub(super) connections: u64,
    /// Where a slow reader stood when it came back.
    pub(super) last_when_slow: Option<u64>,
    /// Each event and when it had come whole, in microseconds since 1970.
    pub(super) arrivals: Vec<(u64, i64)>,
}

enum Frame {
    Event(u64),
    End(u64),
    Other,
}

impl Reader {
    /// Reads to the end, over as many connections as it takes.
    pub(super) async fn read(self) -> anyhow::Result<Record> {
        let mut record = Record::default();
        let mut pace = self.pace.clone();
        loop {
            let ended = self.connection(&pace, &mut record).await?;
            if let Pace::SlowUntil(_) = pace {
                record.last_when_slow = Some(record.last);
            }
            if let Some(last) = ended {
                // What the end tells of and did not come was lost.
                record.lost += last.saturating_sub(record.last);
                return Ok(record);
            }
            ensure!(
                record.connections < 100,
                "the stream breaks off again and again"
            );
            pace = Pace::Fast;
        }
    }

    /// One connection; the last event of the spec, if its end was told.
    async fn connection(&self, pace: &Pace, record: &mut Record) -> anyhow::Result<Option<u64>> {
        record.connections += 1;
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        let mut connection = socket.connect(self.server).await?;
        let request = format!(
            "GET /api/v1/specs/{}/events/stream HTTP/1.0\r\nHost: localhost\r\n\
             Authorization: Bearer {}\r\nLast-Event-ID: {}\r\n\r\n",
            self.spec, self.token, record.last
        );
        connection.write_all(request.as_bytes()).await?;
        let mut unread = Vec::new();
        let mut is_head = true;
        let mut buffer = [0; 4096];
        loop {
            let read = match pace {
                Pace::Fast => connection.read(&mut buffer).await?,
                Pace::SlowUntil(enough) => {
                    tokio::select! {
                        () = enough.cancelled() => return Ok(None),
                        () = sleep(SIP_EVERY) => {}
                    }
                    let (sip, _) = buffer.split_at_mut(SIP);
                    tokio::select! {
                        () = enough.cancelled() => return Ok(None),
                        read = connection.read(sip) => read?,
                    }
                }
            };
            if read == 0 {
                return Ok(None);
            }
            unread.extend(buffer.iter().take(read));
            let now = SystemClock.now().as_micros();
            let mut end: &[u8] = if is_head { b"\r\n\r\n" } else { b"\n\n" };
            while let Some(place) = unread.windows(end.len()).position(|bytes| bytes == end) {
                let frame: Vec<_> = unread.drain(..place + end.len()).collect();
                let text = std::str::from_utf8(&frame)?;
                if is_head {
                    ensure!(text.starts_with("HTTP/1.0 200"), "{text}");
                    is_head = false;
                    end = b"\n\n";
                    continue;
                }
                match frame_of(text)? {
                    Frame::Event(number) => self.note(record, number, now).await,
                    Frame::End(last) => return Ok(Some(last)),
                    Frame::Other => {}
                }
            }
            ensure!(unread.len() < LONGEST_FRAME, "a frame does not end");
        }
    }

    async fn note(&self, record: &mut Record, number: u64, now: i64) {
        if self.loses_one && number == 3 {
            return;
        }
        if number <= record.last {
            record.repeated += 1;
            return;
        }
        record.lost += number - record.last - 1;
        record.last = number;
        record.events += 1;
        record.arrivals.push((number, now));
        if record.events == 1 {
            // Nobody waits for it any more when the program ends early.
            let _told = self.opened.send(()).await;
        }
    }
}

fn frame_of(text: &str) -> anyhow::Result<Frame> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    if let Some(id) = field("id: ") {
        return Ok(Frame::Event(id.parse()?));
    }
    if field("event: ") == Some("end") {
        let data: Value = serde_json::from_str(field("data: ").unwrap_or_default())?;
        let last = data.get("last_event_id").and_then(Value::as_u64);
        return Ok(Frame::End(last.context("an end without a last event")?));
    }
    Ok(Frame::Other)
}

//! A stream as frames of a WebSocket.

use std::future;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use serde_json::json;
use spec_core::id::{Sequence, SpecId};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::feed::{Feed, Item};
use super::subprotocol::SUBPROTOCOL;
use crate::state::AppState;

/// What a connection reads at a time: it only ever gets small frames.
const READ_BUFFER: usize = 4 * 1024;
/// Longest message that is read before it is refused.
const LONGEST_INBOUND: usize = 1024;
/// Frames that a peer may send between two heartbeats.
const MOST_INBOUND: u32 = 64;
/// How long a connection takes for its last words, and then for the peer's.
const PARTING: Duration = Duration::from_secs(2);

/// Answers with a WebSocket that tells what `feed` tells.
pub(crate) fn respond(upgrade: WebSocketUpgrade, state: &AppState, feed: Feed) -> Response {
    let terms = Terms {
        heartbeat: state.heartbeat(),
        patience: state.reader_timeout(),
        shutdown: state.shutdown().clone(),
    };
    let task = state.tasks().token();
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(LONGEST_INBOUND)
        .max_frame_size(LONGEST_INBOUND)
        .protocols([SUBPROTOCOL])
        .on_upgrade(move |socket| async move {
            serve(socket, feed, terms).await;
            drop(task);
        })
}

struct Terms {
    heartbeat: Duration,
    /// How long a peer may take nothing, or leave a ping unanswered.
    patience: Duration,
    shutdown: CancellationToken,
}

/// How a connection ends from this side.
struct Parting {
    code: u16,
    reason: &'static str,
}

/// The peer is gone, or as good as gone.
struct Gone;

async fn serve(mut socket: WebSocket, feed: Feed, terms: Terms) {
    let shutdown = terms.shutdown.clone();
    let following = follow(&mut socket, feed, terms);
    let parting = tokio::select! {
        parting = following => parting,
        () = overtime(&shutdown) => Err(Gone),
    };
    if let Ok(parting) = parting {
        // A peer that does not answer has been told all the same.
        let _in_time = timeout(PARTING, part(&mut socket, parting)).await;
    }
}

async fn overtime(shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    sleep(PARTING).await;
}

/// Follows the feed to its end, and frees its place. `None` when the peer has closed the connection.
async fn follow(
    socket: &mut WebSocket,
    mut feed: Feed,
    terms: Terms,
) -> Result<Option<Parting>, Gone> {
    let mut heartbeat = interval_at(Instant::now() + terms.heartbeat, terms.heartbeat);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut pinged_at = None;
    let mut inbound = 0;
    loop {
        tokio::select! {
            item = feed.next() => {
                let Some(item) = item else {
                    return Ok(Some(Parting { code: close_code::NORMAL, reason: "" }));
                };
                let (frame, parting) = frame(item);
                send(socket, Message::Text(frame), terms.patience).await?;
                if parting.is_some() {
                    return Ok(parting);
                }
            }
            message = socket.recv() => match message {
                None => return Err(Gone),
                // The answer to it is sent while the end of the connection is awaited.
                Some(Ok(Message::Close(_))) => return Ok(None),
                Some(Ok(Message::Pong(_) | Message::Ping(_))) if inbound >= MOST_INBOUND => {
                    return Ok(Some(refused("too many frames")));
                }
                Some(Ok(Message::Ping(_))) => inbound += 1,
                Some(Ok(Message::Pong(_))) => {
                    inbound += 1;
                    pinged_at = None;
                }
                Some(Ok(Message::Text(_) | Message::Binary(_))) => {
                    return Ok(Some(refused("nothing is to be sent here")));
                }
                Some(Err(_cause)) => {
                    return Ok(Some(refused("a frame that is too long or none at all")));
                }
            },
            _tick = heartbeat.tick() => {
                inbound = 0;
                let alive = Message::Text(Utf8Bytes::from_static(r#"{"kind":"heartbeat"}"#));
                send(socket, alive, terms.patience).await?;
                send(socket, Message::Ping(Vec::new().into()), terms.patience).await?;
                pinged_at.get_or_insert_with(Instant::now);
            }
            () = unanswered(pinged_at, terms.patience) => return Err(Gone),
        }
    }
}

fn refused(reason: &'static str) -> Parting {
    Parting {
        code: close_code::POLICY,
        reason,
    }
}

/// Ends when a ping has been unanswered for `patience`.
async fn unanswered(pinged_at: Option<Instant>, patience: Duration) {
    match pinged_at {
        Some(pinged_at) => sleep_until(pinged_at + patience).await,
        None => future::pending().await,
    }
}

async fn send(socket: &mut WebSocket, message: Message, patience: Duration) -> Result<(), Gone> {
    match timeout(patience, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}

/// Says that no more follows, and waits for the peer to say the same: what it has sent and nobody has
/// read would otherwise make the system discard our last frames.
async fn part(socket: &mut WebSocket, parting: Option<Parting>) {
    if let Some(Parting { code, reason }) = parting {
        let reason = Utf8Bytes::from_static(reason);
        let close = Message::Close(Some(CloseFrame { code, reason }));
        if socket.send(close).await.is_err() {
            return;
        }
    }
    while let Some(Ok(_)) = socket.recv().await {}
}

/// How an item is told, and how the connection ends after it.
fn frame(item: Item) -> (Utf8Bytes, Option<Parting>) {
    match item {
        Item::Event { json, .. } => {
            let text = format!(r#"{{"kind":"event","event":{json}}}"#);
            (text.into(), None)
        }
        Item::End {
            spec_id,
            last_event_id,
        } => (
            end(spec_id, last_event_id),
            Some(Parting {
                code: close_code::NORMAL,
                reason: "nothing follows",
            }),
        ),
        Item::CutOff { retry_after } => {
            let retry_after_ms = u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX);
            let text = json!({ "kind": "cut_off", "retry_after_ms": retry_after_ms });
            let parting = Parting {
                code: close_code::RESTART,
                reason: "come back later",
            };
            (text.to_string().into(), Some(parting))
        }
    }
}

fn end(spec_id: SpecId, last_event_id: Sequence) -> Utf8Bytes {
    let text = json!({ "kind": "end", "spec_id": spec_id, "last_event_id": last_event_id });
    text.to_string().into()
}

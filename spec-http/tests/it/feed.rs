//! What both framings have in common: the same events, in the same order, wherever they are cut.

use std::net::SocketAddr;

use axum::http::{Method, StatusCode};
use serde_json::Value;
use spec_core::store::MemoryStore;
use spec_core::testing::{RunScript, demo};
use tokio_util::sync::CancellationToken;

use crate::harness::{App, Call, Frames, local};
use crate::socket::{Socket, Told};

/// How a stream ended.
#[derive(Debug, PartialEq)]
enum Ended {
    /// This side has left.
    Left,
    /// Nothing follows after this event.
    End(u64),
    /// It is to be opened again.
    CutOff,
}

#[derive(Debug, Clone, Copy)]
enum Framing {
    ServerSentEvents,
    WebSocket,
}

impl Framing {
    const BOTH: [Self; 2] = [Self::ServerSentEvents, Self::WebSocket];

    async fn open(self, app: &App, server: SocketAddr, id: &str, after: u64) -> Stream {
        match self {
            Self::ServerSentEvents => {
                let call = Call::get(&format!("/specs/{id}/events/stream"));
                let call = call.header("last-event-id", after.to_string());
                Stream::Frames(Frames::of(app.open(call).await))
            }
            Self::WebSocket => Stream::Socket(Box::new(Socket::open(server, id, after).await)),
        }
    }

    /// At most `most` events after `after`.
    async fn read(
        self,
        app: &App,
        server: SocketAddr,
        id: &str,
        after: u64,
        most: usize,
    ) -> (Vec<Value>, Ended) {
        self.open(app, server, id, after).await.read(most).await
    }
}

enum Stream {
    Frames(Frames),
    Socket(Box<Socket>),
}

impl Stream {
    async fn read(&mut self, most: usize) -> (Vec<Value>, Ended) {
        match self {
            Self::Frames(opened) => sent_events(opened, most).await,
            Self::Socket(opened) => frames(opened, most).await,
        }
    }
}

async fn sent_events(frames: &mut Frames, most: usize) -> (Vec<Value>, Ended) {
    let mut events = Vec::new();
    while events.len() < most {
        let frame = frames.next().await.expect("an end is told");
        let line = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
        if let Some(id) = line("id: ") {
            let event: Value = serde_json::from_str(line("data: ").unwrap()).unwrap();
            assert_eq!(event["sequence"].to_string(), id);
            events.push(event);
        } else if line("event: ") == Some("end") {
            let end: Value = serde_json::from_str(line("data: ").unwrap()).unwrap();
            assert_eq!(frames.next().await, None);
            return (events, Ended::End(end["last_event_id"].as_u64().unwrap()));
        } else if line("retry: ").is_some() {
            assert_eq!(frames.next().await, None);
            return (events, Ended::CutOff);
        }
    }
    (events, Ended::Left)
}

async fn frames(socket: &mut Socket, most: usize) -> (Vec<Value>, Ended) {
    let mut events = Vec::new();
    while events.len() < most {
        let Told::Frame(mut frame) = socket.next().await else {
            panic!("an end is told");
        };
        match frame["kind"].as_str().unwrap() {
            "event" => events.push(frame["event"].take()),
            "end" => {
                assert_eq!(socket.next().await, Told::Closed(1000));
                return (events, Ended::End(frame["last_event_id"].as_u64().unwrap()));
            }
            "cut_off" => {
                assert_eq!(socket.next().await, Told::Closed(1012));
                return (events, Ended::CutOff);
            }
            other => assert_eq!(other, "heartbeat"),
        }
    }
    (events, Ended::Left)
}

#[tokio::test]
async fn wherever_a_stream_is_cut_nothing_is_lost_or_repeated() {
    let mut app = App::scripted(demo::good_run);
    let server = app.serve();
    let id = app.launched().await;
    let last = app.end_of(&id).await;
    let stored = app.stored(&id).await;
    assert_eq!(stored.len(), last);
    for framing in Framing::BOTH {
        for cut_after in 1..=last + 1 {
            let mut seen = Vec::new();
            let mut connections = 0;
            loop {
                connections += 1;
                let after = seen.len() as u64;
                let (events, ended) = framing.read(&app, server, &id, after, cut_after).await;
                seen.extend(events);
                if ended != Ended::Left {
                    assert_eq!(ended, Ended::End(last as u64));
                    break;
                }
            }
            assert_eq!(seen, stored, "{framing:?} cut after {cut_after}");
            assert_eq!(connections, last / cut_after + 1);
        }
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_while_things_happen_loses_and_repeats_nothing() {
    for framing in Framing::BOTH {
        let mut app = App::scripted(demo::good_run);
        let server = app.serve();
        let id = app.launched().await;
        let mut seen = Vec::new();
        for most in [1, 2, 3, 5, 7].into_iter().cycle() {
            let after = seen.len() as u64;
            let (events, ended) = framing.read(&app, server, &id, after, most).await;
            seen.extend(events);
            if ended != Ended::Left {
                break;
            }
        }
        assert_eq!(seen, app.stored(&id).await, "{framing:?}");
    }
}

#[tokio::test]
async fn a_stream_goes_on_at_another_server_after_a_shutdown() {
    for framing in Framing::BOTH {
        let store = MemoryStore::default();
        let spawner = demo::spawner(demo::good_run);
        let shutdown = CancellationToken::new();
        let config = local().with_shutdown(shutdown.clone());
        let mut first = App::on(store.clone(), spawner.clone(), config);
        let address = first.serve();
        let id = first.draft().await;
        let mut stream = framing.open(&first, address, &id, 0).await;
        let (mut seen, _) = stream.read(1).await;
        shutdown.cancel();
        let cut_off = stream.read(usize::MAX).await;
        assert_eq!(cut_off, (Vec::new(), Ended::CutOff), "{framing:?}");
        drop(first);

        let mut second = App::on(store, spawner, local());
        second.drive();
        let address = second.serve();
        second.execute(&id).await;
        let after = seen.len() as u64;
        let (rest, ended) = framing.read(&second, address, &id, after, usize::MAX).await;
        seen.extend(rest);
        let stored = second.stored(&id).await;
        assert_eq!(ended, Ended::End(stored.len() as u64), "{framing:?}");
        assert_eq!(seen, stored, "{framing:?}");
    }
}

#[tokio::test]
async fn whoever_has_seen_everything_of_what_is_over_is_told_the_end_at_once() {
    let mut app = App::scripted(demo::good_run);
    let server = app.serve();
    let completed = app.launched().await;
    app.end_of(&completed).await;
    let cancelled = app.draft().await;
    let cancel = format!("/specs/{cancelled}/cancel");
    let answer = app.send(Call::new(Method::POST, &cancel)).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    app.end_of(&cancelled).await;
    for id in [completed, cancelled] {
        let last = app.stored(&id).await.len() as u64;
        for framing in Framing::BOTH {
            for after in [last, last + 1, last + 1000] {
                let told = framing.read(&app, server, &id, after, usize::MAX).await;
                assert_eq!(told, (Vec::new(), Ended::End(after)), "{framing:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_reader_that_takes_nothing_holds_nobody_up_and_may_resume() {
    let line = serde_json::json!({ "type": "progress", "text": "x".repeat(400) }).to_string();
    let mut app = App::scripted(move |run| {
        (0..200).fold(demo::good_run(run), |script: RunScript, _| {
            script.with_line(line.as_str())
        })
    });
    let server = app.serve();
    let id = app.draft().await;
    let mut slow = Vec::new();
    for framing in Framing::BOTH {
        slow.push(framing.open(&app, server, &id, 0).await);
    }
    app.execute(&id).await;
    let mut quick = Vec::new();
    for framing in Framing::BOTH {
        let (events, ended) = framing.read(&app, server, &id, 0, usize::MAX).await;
        assert!(matches!(ended, Ended::End(_)), "{ended:?}");
        quick.push(events);
    }
    let stored = app.stored(&id).await;
    assert_eq!(quick, [stored.clone(), stored.clone()]);

    for mut slow in slow {
        let (mut seen, _left) = slow.read(5).await;
        let (rest, _) = Framing::WebSocket
            .read(&app, server, &id, seen.len() as u64, usize::MAX)
            .await;
        seen.extend(rest);
        assert_eq!(seen, stored);
    }
}

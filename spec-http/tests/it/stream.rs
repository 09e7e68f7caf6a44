//! `GET /specs/{spec_id}/events/stream`

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use spec_core::testing::RunScript;
use tokio_util::sync::CancellationToken;

use crate::harness::{App, Call, Frames, local};

fn field<'a>(frame: &'a str, name: &str) -> Option<&'a str> {
    let values = frame.lines().filter_map(|line| line.split_once(": "));
    values
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value)
        .next()
}

async fn open(app: &App, id: &str) -> Frames {
    let call = Call::get(&format!("/specs/{id}/events/stream"));
    Frames::of(app.open(call).await)
}

#[tokio::test]
async fn a_stream_shows_every_event_and_then_its_end() {
    let app = App::driven(RunScript::exits(1).with_line("hello"));
    let id = app.launched().await;
    let mut frames = open(&app, &id).await.rest().await;
    assert_eq!(frames.remove(0), ": open");
    let end = frames.pop().unwrap();
    assert_eq!(field(&end, "event"), Some("end"));
    assert_eq!(field(&end, "id"), None);

    let stored = app.get(&format!("/specs/{id}/events")).await.json;
    let stored = stored["events"].as_array().unwrap();
    assert_eq!(frames.len(), stored.len());
    for (frame, event) in frames.iter().zip(stored) {
        assert_eq!(field(frame, "id").unwrap(), event["sequence"].to_string());
        assert_eq!(field(frame, "event").unwrap(), event["type"]);
        let data: Value = serde_json::from_str(field(frame, "data").unwrap()).unwrap();
        assert_eq!(data, *event);
    }
    let last = &stored[stored.len() - 1];
    assert_eq!(last["type"], "spec.execution_failed");
    let data: Value = serde_json::from_str(field(&end, "data").unwrap()).unwrap();
    assert_eq!(
        data,
        json!({ "spec_id": id, "last_event_id": last["sequence"] })
    );
}

#[tokio::test]
async fn proxies_are_told_to_pass_a_stream_on_as_it_is() {
    let app = App::idle();
    let id = app.draft().await;
    let call = Call::get(&format!("/specs/{id}/events/stream"));
    let response = app.open(call).await;
    let header = |name| response.headers()[name].to_str().unwrap();
    assert_eq!(header("content-type"), "text/event-stream");
    assert_eq!(header("cache-control"), "no-cache, no-transform");
    assert_eq!(header("x-accel-buffering"), "no");
}

#[tokio::test]
async fn a_stream_begins_after_the_last_event_that_was_seen() {
    let app = App::driven(RunScript::exits(1));
    let id = app.launched().await;
    let last = app.end_of(&id).await;
    let path = format!("/specs/{id}/events/stream");
    for call in [
        Call::get(&path).header("last-event-id", "2"),
        Call::get(&format!("{path}?last_event_id=2")),
        Call::get(&format!("{path}?last_event_id=1")).header("last-event-id", "2"),
    ] {
        let frames = Frames::of(app.open(call).await).rest().await;
        assert_eq!(field(&frames[1], "id"), Some("3"));
    }
    let call = Call::get(&path).header("last-event-id", last.to_string());
    let frames = Frames::of(app.open(call).await).rest().await;
    assert_eq!(frames.len(), 2, "open and end: {frames:?}");
}

#[tokio::test]
async fn a_position_that_is_none_is_malformed() {
    let app = App::idle();
    let path = format!("/specs/{}/events/stream", app.draft().await);
    for text in ["x", "-1", "1.5", "99999999999", ""] {
        let header = Call::get(&path).header("last-event-id", text);
        app.send(header).await.problem(400);
        let parameter = Call::get(&format!("{path}?last_event_id={text}"));
        app.send(parameter).await.problem(400);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_shows_that_it_is_alive() {
    let app = App::with(local().with_heartbeat(Duration::from_secs(15)));
    let id = app.draft().await;
    let mut frames = open(&app, &id).await;
    assert_eq!(frames.next().await.unwrap(), ": open");
    assert_eq!(
        field(&frames.next().await.unwrap(), "event"),
        Some("spec.created")
    );
    let before = tokio::time::Instant::now();
    assert_eq!(frames.next().await.unwrap(), ": alive");
    assert_eq!(frames.next().await.unwrap(), ": alive");
    let silence = before.elapsed().as_secs();
    assert!((29..=31).contains(&silence), "{silence} s");
}

#[tokio::test]
async fn a_shutdown_ends_streams_and_asks_their_readers_to_come_back() {
    let shutdown = CancellationToken::new();
    let app = App::with(local().with_shutdown(shutdown.clone()));
    let id = app.draft().await;
    let mut frames = open(&app, &id).await;
    frames.next().await.unwrap();
    frames.next().await.unwrap();
    shutdown.cancel();
    assert_eq!(frames.rest().await, ["retry: 1000"]);
    let call = Call::get(&format!("/specs/{id}/events/stream"));
    app.send(call).await.problem(503);
}

#[tokio::test]
async fn only_so_many_streams_are_open_at_once() {
    let app = App::with(local().with_max_streams(1));
    let path = format!("/specs/{}/events/stream", app.draft().await);
    let first = app.open(Call::get(&path)).await;
    assert_eq!(first.status(), StatusCode::OK);
    let second = app.get(&path).await;
    second.problem(503);
    assert!(!second.header("retry-after").is_empty());
    drop(first);
    assert_eq!(app.open(Call::get(&path)).await.status(), StatusCode::OK);
}

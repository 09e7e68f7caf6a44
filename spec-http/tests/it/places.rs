//! How many streams may be open, and when a place is free again.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spec_core::id::UserId;
use spec_core::testing::demo;
use spec_http::{BearerTokens, HttpConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{App, Call, Frames, local};
use crate::socket::Socket;

/// Longest wait for a place.
const SOON: Duration = Duration::from_secs(20);

/// Opens a stream of server-sent events over a connection of its own, and tells the status.
async fn stream(server: SocketAddr, id: &str) -> (u16, TcpStream) {
    let mut connection = TcpStream::connect(server).await.unwrap();
    let request = format!("GET /specs/{id}/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    connection.read_exact(&mut head).await.unwrap();
    let status = std::str::from_utf8(&head[9..]).unwrap().parse().unwrap();
    (status, connection)
}

/// Waits until there is a place again.
async fn a_place(server: SocketAddr, id: &str) -> TcpStream {
    let begun = Instant::now();
    loop {
        match stream(server, id).await {
            (200, connection) => return connection,
            (status, _) => assert!(begun.elapsed() < SOON, "{status}"),
        }
        tokio::task::yield_now().await;
    }
}

async fn refused(server: SocketAddr, id: &str) {
    let path = format!("/specs/{id}/ws");
    let answer = Socket::try_open(server, &path, &[]).await.err().unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "2");
    assert_eq!(stream(server, id).await.0, 429);
}

#[tokio::test]
async fn one_user_has_no_more_than_their_share_of_streams_of_both_kinds() {
    let user = |name| UserId::new(name).unwrap();
    let tokens = BearerTokens::new([("a", user("ada")), ("b", user("bob"))]);
    let app = App::with(HttpConfig::new(tokens).with_max_streams_per_principal(1));
    let body = json!({ "title": "t", "description": "d", "auto_execute": false });
    let as_user = |call: Call, token: &str| call.header("authorization", format!("Bearer {token}"));
    let mut streams = Vec::new();
    for token in ["a", "b"] {
        let launch = as_user(Call::post("/specs/launch", &body), token);
        let spec = app.send(launch).await.header("location").to_owned();
        let path = format!("{spec}/events/stream");
        streams.push(app.open(as_user(Call::get(&path), token)).await);
        assert_eq!(streams.last().unwrap().status(), 200);
        let second = app.send(as_user(Call::get(&path), token)).await;
        second.problem(429);
        assert_eq!(second.header("retry-after"), "2");
    }
}

#[tokio::test]
async fn a_place_is_free_again_when_its_client_goes_away() {
    let mut app = App::with(local().with_max_streams_per_principal(2));
    let id = app.draft().await;
    let server = app.serve();
    let (_, sse) = stream(server, &id).await;
    let socket = Socket::open(server, &id, 0).await;
    refused(server, &id).await;
    drop(sse);
    let sse = a_place(server, &id).await;
    refused(server, &id).await;
    // Without a word of farewell.
    drop(socket.stream.into_inner());
    let _also = a_place(server, &id).await;
    refused(server, &id).await;
    drop(sse);
}

fn long(run: &spec_core::testing::ScriptedRun) -> spec_core::testing::RunScript {
    let line = json!({ "type": "progress", "text": "x".repeat(400) }).to_string();
    (0..200).fold(demo::good_run(run), |script, _| script.with_line(&*line))
}

#[tokio::test]
async fn a_place_is_free_again_when_its_client_goes_away_without_having_read() {
    let mut app = App::scripted_with(local().with_max_streams_per_principal(2), long);
    let id = app.launched().await;
    app.end_of(&id).await;
    let server = app.serve();
    let (_, unread) = stream(server, &id).await;
    let unread_too = Socket::open(server, &id, 0).await;
    refused(server, &id).await;
    drop(unread);
    drop(unread_too);
    let _one = a_place(server, &id).await;
    let _two = a_place(server, &id).await;
}

#[tokio::test]
async fn a_client_that_stays_and_takes_nothing_loses_its_place_and_can_come_back() {
    let quick = Duration::from_millis(200);
    let config = local()
        .with_max_streams_per_principal(2)
        .with_heartbeat(quick)
        .with_reader_timeout(quick);
    let mut app = App::scripted_with(config, long);
    let id = app.launched().await;
    app.end_of(&id).await;
    let server = app.serve();
    let mut unread = Frames::of(
        app.open(Call::get(&format!("/specs/{id}/events/stream")))
            .await,
    );
    unread.next().await.unwrap();
    unread.next().await.unwrap();
    let mut unread_too = Socket::open(server, &id, 0).await;
    refused(server, &id).await;
    let others = [a_place(server, &id).await, a_place(server, &id).await];

    // What came before the loss is whole, and what follows is told to the next connection.
    let rest = unread.rest().await;
    assert_eq!(rest.last().unwrap(), "retry: 1000", "{rest:?}");
    drop(others);
    let _one = a_place(server, &id).await;
    let (seen, _gone) = unread_too.rest().await;
    let mut seen: Vec<Value> = seen
        .into_iter()
        .map(|mut frame| frame["event"].take())
        .collect();
    let stored = app.stored(&id).await;
    assert!(seen.len() < stored.len());
    let (rest, _end) = Socket::open(server, &id, seen.len() as u64)
        .await
        .rest()
        .await;
    let rest = rest.into_iter().filter(|frame| frame["kind"] == "event");
    seen.extend(rest.map(|mut frame| frame["event"].take()));
    assert_eq!(seen, stored);
}

//! `GET /specs/{spec_id}/ws`

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use spec_core::id::UserId;
use spec_core::testing::demo;
use spec_http::{BearerTokens, HttpConfig};
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::harness::{App, Call, local};
use crate::socket::{Socket, Told};

/// Longest wait for what has to happen.
const SOON: Duration = Duration::from_secs(20);

async fn refusal(server: SocketAddr, path: &str, headers: &[(&'static str, &str)]) -> u16 {
    let opened = Socket::try_open(server, path, headers).await;
    opened.err().map_or(101, |answer| answer.status().as_u16())
}

#[tokio::test]
async fn a_socket_shows_every_event_and_then_its_end() {
    let mut app = App::scripted(demo::good_run);
    let server = app.serve();
    let id = app.launched().await;
    let (mut frames, closed) = Socket::open(server, &id, 0).await.rest().await;
    assert_eq!(closed, Told::Closed(1000));
    let end = frames.pop().unwrap();
    let stored = app.stored(&id).await;
    assert_eq!(stored.last().unwrap()["type"], "spec.execution_completed");
    assert_eq!(
        end,
        json!({ "kind": "end", "spec_id": id, "last_event_id": stored.len() })
    );
    let expected: Vec<_> = stored
        .iter()
        .map(|event| json!({ "kind": "event", "event": event }))
        .collect();
    assert_eq!(frames, expected);
}

#[tokio::test]
async fn a_silent_socket_shows_that_it_is_alive_and_asks_whether_its_peer_is() {
    let heartbeat = Duration::from_millis(100);
    let mut app = App::with(local().with_heartbeat(heartbeat).with_reader_timeout(SOON));
    let id = app.draft().await;
    let server = app.serve();
    let mut socket = Socket::open(server, &id, 1).await;
    assert_eq!(
        socket.next().await,
        Told::Frame(json!({ "kind": "heartbeat" }))
    );
    let ping = futures_util::StreamExt::next(&mut socket.stream).await;
    assert!(matches!(ping, Some(Ok(Message::Ping(_)))), "{ping:?}");
    socket.send(Message::Ping("are you?".into())).await;
    loop {
        match futures_util::StreamExt::next(&mut socket.stream).await {
            Some(Ok(Message::Pong(answer))) => {
                assert_eq!(answer, "are you?");
                break;
            }
            Some(Ok(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_dropped() {
    let quick = Duration::from_millis(300);
    let config = local()
        .with_heartbeat(quick)
        .with_reader_timeout(quick)
        .with_max_streams(1);
    let mut app = App::with(config);
    let id = app.draft().await;
    let server = app.serve();
    // It reads everything, and says nothing.
    let mut connection = Socket::open(server, &id, 0).await.stream.into_inner();
    let mut read = Vec::new();
    let ended = timeout(SOON, connection.read_to_end(&mut read)).await;
    assert!(ended.is_ok(), "the connection is kept");
    let stream = Call::get(&format!("/specs/{id}/events/stream"));
    assert_eq!(app.open(stream).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_peer_that_closes_the_connection_is_answered() {
    let mut app = App::idle();
    let id = app.draft().await;
    let server = app.serve();
    let mut socket = Socket::open(server, &id, 1).await;
    socket.stream.close(None).await.unwrap();
    let answer = timeout(SOON, socket.next()).await.unwrap();
    assert_eq!(answer, Told::Closed(1005));
}

#[tokio::test]
async fn a_shutdown_asks_peers_to_come_back_and_can_be_waited_for() {
    let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
    let config = local()
        .with_shutdown(shutdown.clone())
        .with_tasks(tasks.clone());
    let mut app = App::with(config);
    let id = app.draft().await;
    let server = app.serve();
    let mut socket = Socket::open(server, &id, 0).await;
    let Told::Frame(created) = socket.next().await else {
        panic!("no event");
    };
    assert_eq!(created["event"]["type"], "spec.created");
    shutdown.cancel();
    tasks.close();
    let (told, ()) = tokio::join!(socket.rest(), async {
        timeout(SOON, tasks.wait()).await.unwrap();
    });
    let cut_off = json!({ "kind": "cut_off", "retry_after_ms": 1000 });
    assert_eq!(told, (vec![cut_off], Told::Closed(1012)));
    assert_eq!(refusal(server, &format!("/specs/{id}/ws"), &[]).await, 503);
}

#[tokio::test]
async fn a_peer_that_reads_nothing_does_not_hold_up_a_shutdown() {
    let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
    let config = local()
        .with_shutdown(shutdown.clone())
        .with_tasks(tasks.clone());
    let mut app = App::scripted_with(config, |run| {
        let line = json!({ "type": "progress", "text": "x".repeat(400) }).to_string();
        (0..300).fold(demo::good_run(run), |script, _| script.with_line(&*line))
    });
    let server = app.serve();
    let id = app.launched().await;
    let _unread = Socket::open(server, &id, 0).await;
    app.end_of(&id).await;
    shutdown.cancel();
    tasks.close();
    timeout(SOON, tasks.wait()).await.unwrap();
}

#[tokio::test]
async fn pages_of_other_sites_cannot_open_a_socket() {
    let config = local().with_allowed_origins(["https://app.example.org"]);
    let mut app = App::with(config.unwrap());
    let path = format!("/specs/{}/ws", app.draft().await);
    let server = app.serve();
    let own = format!("http://{server}");
    for (origin, status) in [
        (&*own, 101),
        ("https://app.example.org", 101),
        ("https://evil.example", 403),
        ("http://127.0.0.1", 403),
        ("null", 403),
    ] {
        let answered = refusal(server, &path, &[("origin", origin)]).await;
        assert_eq!(answered, status, "{origin}");
    }
}

#[tokio::test]
async fn a_token_may_come_as_a_subprotocol_and_is_never_answered() {
    let user = |name| UserId::new(name).unwrap();
    let tokens = BearerTokens::new([("token-a", user("ada")), ("token-b", user("bob"))]);
    let mut app = App::with(HttpConfig::new(tokens));
    let body = json!({ "title": "t", "description": "d", "auto_execute": false });
    let call = Call::post("/specs/launch", &body).header("authorization", "Bearer token-a");
    let path = format!("{}/ws", app.send(call).await.header("location"));
    let server = app.serve();

    for offered in [
        "spec.v1, bearer.token-a",
        "bearer.token-a,spec.v1",
        "x, spec.v1, bearer.token-a",
    ] {
        let headers = [("sec-websocket-protocol", offered)];
        let socket = Socket::try_open(server, &path, &headers).await;
        let mut socket = socket.unwrap_or_else(|answer| panic!("{offered}: {answer:?}"));
        assert_eq!(socket.subprotocol.as_deref(), Some("spec.v1"));
        assert!(matches!(socket.next().await, Told::Frame(_)));
    }
    let header = [("authorization", "Bearer token-a")];
    assert!(Socket::try_open(server, &path, &header).await.is_ok());

    for (offered, status) in [
        ("spec.v1, bearer.token-b", 404),
        ("spec.v1, bearer.token-c", 401),
        ("spec.v1, bearer.", 401),
        ("spec.v1", 401),
        ("bearer.token-a", 400),
    ] {
        let answered = refusal(server, &path, &[("sec-websocket-protocol", offered)]).await;
        assert_eq!(answered, status, "{offered}");
    }
    // A wrong header is not made good by a subprotocol, and a URL is no place for a token.
    let both = [
        ("authorization", "Bearer token-c"),
        ("sec-websocket-protocol", "spec.v1, bearer.token-a"),
    ];
    assert_eq!(refusal(server, &path, &both).await, 401);
    let in_url = format!("{path}?token=token-a");
    assert_eq!(refusal(server, &in_url, &[]).await, 401);
    // Elsewhere it is no credential.
    let call = Call::get("/specs").header("sec-websocket-protocol", "bearer.token-a");
    app.send(call).await.problem(401);
}

#[tokio::test]
async fn a_request_that_asks_for_no_socket_is_told_so() {
    let app = App::idle();
    let path = format!("/specs/{}/ws", app.draft().await);
    let answer = app.get(&path).await;
    answer.problem(426);
    assert_eq!(answer.header("upgrade"), "websocket");
    assert_eq!(answer.header("connection"), "upgrade");
    assert_eq!(answer.header("sec-websocket-version"), "13");
    app.get(&format!("{path}?last_event_id=x"))
        .await
        .problem(400);
    let unknown = app.get(&format!("{path}?after=1")).await;
    assert_eq!(unknown.problem(422), ["after"]);
    app.get("/specs/x/ws").await.problem(404);
}

//! Peers of a WebSocket that send what nobody asked for.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::harness::{App, local};
use crate::socket::{Socket, Told};

/// Longest wait for the end of a connection.
const SOON: Duration = Duration::from_secs(20);

async fn app() -> (App, std::net::SocketAddr, String) {
    let mut app = App::with(local().with_max_streams(1));
    let id = app.draft().await;
    let server = app.serve();
    (app, server, id)
}

/// How the connection ends, after the events that there are.
async fn end(socket: &mut Socket) -> Told {
    let (frames, ended) = timeout(SOON, socket.rest()).await.unwrap();
    assert!(frames.iter().all(|frame| frame["kind"] == "event"));
    ended
}

#[tokio::test]
async fn messages_are_refused_whatever_they_say() {
    let (_app, server, id) = app().await;
    let part = Frame::message("half a", OpCode::Data(Data::Text), false);
    for message in [
        Message::text("hello"),
        Message::text(""),
        Message::binary(vec![0; 8]),
        Message::text("x".repeat(2000)),
        Message::binary(vec![0; 100_000]),
    ] {
        let mut socket = Socket::open(server, &id, 0).await;
        socket.send(message).await;
        assert_eq!(end(&mut socket).await, Told::Closed(1008));
    }
    // One that never becomes whole costs no more than a connection that says nothing.
    let mut socket = Socket::open(server, &id, 0).await;
    socket.send(Message::Frame(part)).await;
    assert!(matches!(socket.next().await, Told::Frame(_)));
    socket.send(Message::text("and more")).await;
    assert_eq!(end(&mut socket).await, Told::Closed(1008));
}

#[tokio::test]
async fn bytes_that_are_no_frames_end_the_connection() {
    let (_app, server, id) = app().await;
    // A mask of zeros, and the length in eight bytes: a frame of a terabyte.
    let endless = [0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let unmasked = [0x81, 0x02, b'h', b'i'];
    let reserved = [0xff; 14];
    // Control frames have at most 125 bytes.
    let mut long_ping = vec![0x89, 0xfe, 0x01, 0x00, 0, 0, 0, 0];
    long_ping.extend([0; 256]);
    for bytes in [&endless[..], &unmasked, &reserved, &long_ping] {
        let mut socket = Socket::open(server, &id, 0).await;
        socket.stream.get_mut().write_all(bytes).await.unwrap();
        assert_eq!(end(&mut socket).await, Told::Closed(1008), "{bytes:x?}");
    }
}

#[tokio::test]
async fn a_flood_of_pings_is_refused() {
    let (_app, server, id) = app().await;
    let mut socket = Socket::open(server, &id, 0).await;
    for _ in 0..100 {
        socket.send(Message::Ping("x".into())).await;
    }
    assert_eq!(end(&mut socket).await, Told::Closed(1008));
    // The place is free.
    let mut next = Socket::open(server, &id, 0).await;
    assert!(matches!(next.next().await, Told::Frame(_)));
}

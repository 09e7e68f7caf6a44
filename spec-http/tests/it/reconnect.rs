//! A stream over a real connection, cut off again and again.

use std::net::SocketAddr;

use spec_core::testing::RunScript;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::App;

/// What one connection yields before it is cut off after `cut_after` bytes: the ids of the events
/// that arrived whole, and whether the end was among them.
///
/// HTTP/1.0, so that the body comes without chunks and ends with the connection.
async fn connection(
    server: SocketAddr,
    path: &str,
    last_event_id: u64,
    cut_after: usize,
) -> (Vec<u64>, bool) {
    let mut socket = TcpStream::connect(server).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.0\r\nHost: localhost\r\nLast-Event-ID: {last_event_id}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let mut buffer = [0; 64];
    while read.len() < cut_after {
        match socket.read(&mut buffer).await.unwrap() {
            0 => break,
            n => read.extend_from_slice(&buffer[..n]),
        }
    }
    drop(socket);

    let text = String::from_utf8_lossy(&read);
    let (head, body) = text.split_once("\r\n\r\n").expect("a whole head");
    assert!(head.starts_with("HTTP/1.0 200"), "{head}");
    let (whole, _cut) = body.rsplit_once("\n\n").unwrap_or_default();
    let ids = whole
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .map(|id| id.parse().unwrap())
        .collect();
    (ids, whole.lines().any(|line| line == "event: end"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_cut_off_and_comes_back_sees_every_event_exactly_once() {
    let script = (0..20).fold(RunScript::exits(1), |script, line| {
        script.with_line(format!("line {line}"))
    });
    let mut app = App::driven(script);
    let server = app.serve();
    let id = app.launched().await;
    let path = format!("/specs/{id}/events/stream");

    let mut seen = Vec::new();
    let mut connections = 0;
    loop {
        connections += 1;
        assert!(connections < 1000, "no progress: {seen:?}");
        // Wherever the cut falls: in the head's blank line, in an id, in the data.
        let cut_after = 700 + connections * 97;
        let last = seen.last().copied().unwrap_or(0);
        let (ids, ended) = connection(server, &path, last, cut_after).await;
        seen.extend(ids);
        if ended {
            break;
        }
    }

    assert!(connections > 2, "was never cut off");
    let stored = app.end_of(&id).await as u64;
    assert_eq!(seen, (1..=stored).collect::<Vec<_>>());
}

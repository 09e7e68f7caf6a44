//! A server with many streams that is told to end.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::harness::{App, local};

/// Of each kind.
const STREAMS: usize = 100;
/// Longer than any machine takes: streams that are not cut off last as long as their spec.
const BOUND: Duration = Duration::from_secs(30);

const UPGRADE: &str = "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

async fn open(server: SocketAddr, path: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_shutdown_cuts_off_every_open_stream() {
    let (shutdown, tasks) = (CancellationToken::new(), TaskTracker::new());
    let config = local()
        .with_max_streams_per_principal(2 * STREAMS)
        .with_shutdown(shutdown.clone())
        .with_tasks(tasks.clone());
    let app = App::with(config);
    let id = app.draft().await;
    let listener = TcpSocket::new_v4().unwrap();
    listener.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = listener.listen(2048).unwrap();
    let address = listener.local_addr().unwrap();
    let (ended, router) = (shutdown.clone(), app.router.clone());
    let server = tasks.spawn(async move {
        let server = axum::serve(listener, router);
        server.with_graceful_shutdown(ended.cancelled_owned()).await
    });
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        let (sse, ws) = (
            format!("/specs/{id}/events/stream"),
            format!("/specs/{id}/ws"),
        );
        streams.push(open(address, &sse, "").await);
        streams.push(open(address, &ws, UPGRADE).await);
    }
    let mut first = [0; 12];
    for stream in &mut streams {
        stream.read_exact(&mut first).await.unwrap();
        assert!(matches!(&first[9..], b"200" | b"101"), "{first:?}");
    }

    shutdown.cancel();
    let ending = async {
        server.await.unwrap().unwrap();
        tasks.close();
        tasks.wait().await;
    };
    timeout(BOUND, ending)
        .await
        .expect("streams that are open still");
    for stream in &mut streams {
        let mut told = Vec::new();
        stream.read_to_end(&mut told).await.unwrap();
        let told = String::from_utf8_lossy(&told);
        let is_cut_off = told.contains("retry: 1000") || told.contains("\"kind\":\"cut_off\"");
        assert!(is_cut_off, "{told}");
    }
}

//! The least client of an event stream: one request, and when each event arrived.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// Reads events at `path` until the stream says that nothing follows, and tells `arrived` the
/// number of each.
pub(super) async fn follow(
    address: SocketAddr,
    path: &str,
    mut arrived: impl FnMut(u64, Instant),
) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: text/event-stream\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut lines = BufReader::new(stream).lines();
    let status = lines.next_line().await?.context("no answer")?;
    ensure!(status.starts_with("HTTP/1.1 200"), "{status}");
    // Each event is a chunk of its own, so that its lines are whole lines here too.
    while let Some(line) = lines.next_line().await? {
        if let Some(number) = line.strip_prefix("id: ") {
            arrived(number.parse()?, Instant::now());
        } else if line == "event: end" {
            return Ok(());
        }
    }
    anyhow::bail!("the stream broke off")
}

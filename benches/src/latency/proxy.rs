//! A connection to the database that can be cut without either side being told.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

/// Forwards bytes while it is open. Ends with its owner.
#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) url: String,
    open: watch::Sender<bool>,
    _accepting: JoinSet<()>,
}

impl Proxy {
    /// In front of the database at `url`.
    pub(super) async fn start(url: &str) -> Result<Self> {
        let mut url = Url::parse(url)?;
        let host = url.host_str().context("the URL has no host")?;
        let target = format!("{host}:{}", url.port().unwrap_or(5432));
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let port = listener.local_addr()?.port();
        url.set_host(Some("127.0.0.1"))?;
        url.set_port(Some(port))
            .ok()
            .context("the URL takes no port")?;
        let (open, is_open) = watch::channel(true);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, target, is_open));
        Ok(Self {
            url: url.into(),
            open,
            _accepting: accepting,
        })
    }

    /// From now on nothing passes, in either direction; connections stay open.
    pub(super) fn cut(&self) {
        self.open.send_replace(false);
    }

    /// What was held back passes now.
    pub(super) fn mend(&self) {
        self.open.send_replace(true);
    }
}

async fn accept(listener: TcpListener, target: String, open: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _address)) = listener.accept().await {
        let (target, open) = (target.clone(), open.clone());
        connections.spawn(async move {
            let mut when_open = open.clone();
            // Only the other end of the channel being gone fails: then this ends too.
            if when_open.wait_for(|open| *open).await.is_err() {
                return;
            }
            let Ok(server) = TcpStream::connect(target).await else {
                return;
            };
            // Small messages are to pass as they do without a proxy.
            if client
                .set_nodelay(true)
                .and(server.set_nodelay(true))
                .is_err()
            {
                return;
            }
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::join!(
                pump(from_client, to_server, open.clone()),
                pump(from_server, to_client, open)
            );
        });
    }
}

/// Ends with the connection, in one direction.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut open: watch::Receiver<bool>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let passes = open.wait_for(|open| *open).await.is_ok();
        let Some(chunk) = buffer.get(..read) else {
            return;
        };
        if !passes || to.write_all(chunk).await.is_err() {
            return;
        }
    }
}

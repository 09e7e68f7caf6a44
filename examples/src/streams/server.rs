//! The server, in a process of its own so that its memory is nobody else's.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use axum::routing::get;
use axum::{Json, Router};
use spec_core::RunnerConfig;
use spec_core::id::{Environment, UserId};
use spec_http::{BearerTokens, HttpConfig, router};
use spec_sqlx::PostgresStore;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpSocket;
use tokio_util::sync::CancellationToken;

use super::commits::{Notebook, NotingStore};
use super::{APPLICATION, Load, token};
use crate::chaos::{FolderSpawner, machine};
use crate::database::PostgresUrl;

/// What the system keeps for a reader that is behind, in bytes: little, so that the server feels it.
const SEND_BUFFER: u32 = 8 * 1024;
/// Lines that a spec prints in a second, and how long each is, in bytes.
const LINES_PER_SECOND: u64 = 2;
const LINE: usize = 400;
const PHASES: u64 = 5;

/// Serves, and works on specs, until standard input ends; `told` learns the address.
///
/// # Errors
///
/// When the database or the port cannot be had, or the runner fails.
pub async fn serve(
    database: &PostgresUrl,
    load: &Load,
    told: impl FnOnce(SocketAddr),
) -> anyhow::Result<()> {
    let folder = tempfile::tempdir().context("cannot make a folder for the sandboxes")?;
    let longest = Duration::from_secs(load.seconds) / u32::try_from(PHASES)?;
    let lines = u32::try_from((load.seconds * LINES_PER_SECOND).div_ceil(PHASES))?;
    let spawner = FolderSpawner::new(folder.path().to_owned(), longest)?.that_prints(lines, LINE);
    let notes = Notebook::default();
    let store = PostgresStore::new(database.connect(APPLICATION).await?).await?;
    let store = NotingStore::new(store, notes.clone());
    let config = RunnerConfig::new(Environment::new("streams")?).with_slots(load.specs);
    let machine = machine(store, spawner, Duration::from_secs(15))?.with_config(config);

    let users = (0..load.specs).map(token);
    let users = users.map(|token| anyhow::Ok((token.clone(), UserId::new(token)?)));
    let tokens = BearerTokens::new(users.collect::<Result<Vec<_>, _>>()?);
    let stopping = CancellationToken::new();
    let http = HttpConfig::new(tokens)
        .with_max_streams(load.clients)
        .with_max_streams_per_principal(load.clients.div_ceil(load.specs.max(1)))
        .with_shutdown(stopping.clone());
    let app = Router::new()
        .nest("/api/v1", router(machine.clone().into_dyn(), http))
        .route("/notes", get(async move || Json(notes.read())));

    let socket = TcpSocket::new_v4()?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let listener = socket.listen(1024)?;
    told(listener.local_addr()?);
    let server =
        axum::serve(listener, app).with_graceful_shutdown(stopping.clone().cancelled_owned());
    let stop = async {
        let _end = tokio::io::stdin().read(&mut [0]).await;
        stopping.cancel();
        anyhow::Ok(())
    };
    let serving = async { server.await.context("the server failed") };
    let running = async { Ok(machine.run(stopping.clone()).await?) };
    tokio::try_join!(serving, running, stop)?;
    Ok(())
}

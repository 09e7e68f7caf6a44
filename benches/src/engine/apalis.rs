//! The crates `apalis`, `apalis-postgres` and `apalis-workflow`: five steps in a row.

use std::sync::Arc;
use std::time::Duration;

use ::apalis::layers::WorkerBuilderExt as _;
use ::apalis::prelude::*;
use anyhow::{Result, anyhow};
use apalis_postgres::{Config, PostgresStorage};
use apalis_workflow::{SteppedFlow, WorkflowSink as _};
use async_trait::async_trait;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinSet;

use super::{Engine, Options};
use crate::countdown::Countdown;

/// How often it looks for work beside being notified.
const POLL: Duration = Duration::from_millis(100);

pub(super) struct Apalis {
    pool: PgPool,
    storage: PostgresStorage<u64>,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    worker: Mutex<JoinSet<Result<(), WorkerError>>>,
}

async fn connect(url: &str, connections: u32) -> Result<PgPool> {
    let pool = PgPoolOptions::new().max_connections(connections);
    Ok(pool.connect(url).await?)
}

pub(super) async fn prepare(url: &str) -> Result<()> {
    let pool = connect(url, 1).await?;
    sqlx::query("CREATE EXTENSION IF NOT EXISTS hstore")
        .execute(&pool)
        .await?;
    PostgresStorage::setup(&pool).await?;
    pool.close().await;
    Ok(())
}

pub(super) async fn start(
    url: &str,
    options: &Options,
    countdown: Arc<Countdown>,
) -> Result<Apalis> {
    let pool = connect(url, options.connections).await?;
    let config = Config::default().queue("bench").batch_size(options.slots);
    let storage = PostgresStorage::new(&pool).with_config(config);
    let backend = storage.clone().with_pubsub().poll_with_interval(POLL);
    let flow = SteppedFlow::new("five-phases")
        .and_then(next)
        .and_then(next)
        .and_then(next)
        .and_then(next)
        .and_then(move |value: u64| {
            let countdown = Arc::clone(&countdown);
            async move {
                // Its acknowledgement follows, so this is a little early, in its favour.
                countdown.finished();
                Ok::<u64, BoxDynError>(value + 1)
            }
        });
    let (stop, stopped) = oneshot::channel::<()>();
    let worker = WorkerBuilder::new("bench")
        .backend(backend)
        .concurrency(options.slots)
        .build(flow);
    let mut running = JoinSet::new();
    running.spawn(async move {
        worker
            .run_until(async move {
                // Also when the sender is gone.
                let _told = stopped.await;
                Ok::<(), WorkerError>(())
            })
            .await
    });
    Ok(Apalis {
        pool,
        storage,
        stop: Mutex::new(Some(stop)),
        worker: Mutex::new(running),
    })
}

async fn next(value: u64) -> Result<u64, BoxDynError> {
    Ok(value + 1)
}

#[async_trait]
impl Engine for Apalis {
    async fn submit(&self) -> Result<()> {
        let mut storage = self.storage.clone();
        storage
            .push_start(0)
            .await
            .map_err(|error| anyhow!("cannot push: {error}"))
    }

    async fn stop(&self) -> Result<()> {
        if let Some(stop) = self.stop.lock().await.take() {
            // Nobody listens when the worker has ended by itself.
            let _sent = stop.send(());
        }
        while let Some(ended) = self.worker.lock().await.join_next().await {
            ended??;
        }
        self.pool.close().await;
        Ok(())
    }
}

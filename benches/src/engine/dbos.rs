//! The crate `dbos`: a workflow of five steps, started directly, so many in flight at a time.

use std::sync::Arc;

use ::dbos::{Config, DBOS, WorkflowRef};
use anyhow::{Result, anyhow};
use async_trait::async_trait;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::{Engine, Options, PHASES};
use crate::countdown::Countdown;

pub(super) struct Dbos {
    runtime: DBOS,
    workflow: WorkflowRef<u64, u64>,
    slots: Arc<Semaphore>,
    waiting: TaskTracker,
    countdown: Arc<Countdown>,
}

fn config(url: &str, connections: u32) -> Config {
    Config {
        app_version: Some("1".to_owned()),
        max_connections: connections,
        ..Config::new("bench", url)
    }
}

/// Launching makes the tables.
pub(super) async fn prepare(url: &str) -> Result<()> {
    let dbos = DBOS::new(config(url, 2));
    dbos.launch().await?;
    dbos.shutdown().await;
    Ok(())
}

pub(super) async fn start(url: &str, options: &Options, countdown: Arc<Countdown>) -> Result<Dbos> {
    let dbos = DBOS::new(config(url, options.connections));
    let workflow = dbos.register_workflow("five_phases", five_phases)?;
    dbos.launch().await?;
    Ok(Dbos {
        runtime: dbos,
        workflow,
        slots: Arc::new(Semaphore::new(options.slots)),
        waiting: TaskTracker::new(),
        countdown,
    })
}

async fn five_phases(input: u64) -> ::dbos::Result<u64> {
    let mut value = input;
    for _phase in 0..PHASES {
        value = ::dbos::step("phase", || async move { ::dbos::Result::Ok(value + 1) }).await?;
    }
    Ok(value)
}

#[async_trait]
impl Engine for Dbos {
    async fn submit(&self) -> Result<()> {
        let slot = Arc::clone(&self.slots).acquire_owned().await?;
        let handle = self.workflow.start(0).await?;
        let countdown = Arc::clone(&self.countdown);
        self.waiting.spawn(async move {
            // A workflow that failed is left out, so that the round runs into its time limit.
            if matches!(handle.result().await, Ok(value) if value == PHASES as u64) {
                countdown.finished();
            }
            drop(slot);
        });
        Ok(())
    }

    async fn stop(&self) -> Result<()> {
        self.runtime.shutdown().await;
        self.waiting.close();
        self.waiting.wait().await;
        if self.runtime.is_launched() {
            return Err(anyhow!("dbos is still running"));
        }
        Ok(())
    }
}

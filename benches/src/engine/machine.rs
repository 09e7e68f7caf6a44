//! Our side: the whole machine, with sandboxes that cost nothing.

use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use spec_core::id::Environment;
use spec_core::store::MemoryStore;
use spec_core::{LaunchRequest, RunnerConfig, SpecStateMachine, SpecStore};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Engine, Options};
use crate::countdown::Countdown;
use crate::counting_store::{CountingStore, StoreCalls};
use crate::noop::{self, NoopSpawner};

pub(super) struct Machine<S> {
    machine: SpecStateMachine<CountingStore<S>, NoopSpawner>,
    request: LaunchRequest,
    calls: Arc<StoreCalls>,
    token: CancellationToken,
    runner: Mutex<JoinSet<Result<(), spec_core::Error>>>,
}

pub(super) fn in_memory(
    options: &Options,
    countdown: Arc<Countdown>,
) -> Result<Machine<MemoryStore>> {
    over(MemoryStore::default(), options, countdown)
}

fn over<S: SpecStore>(
    store: S,
    options: &Options,
    countdown: Arc<Countdown>,
) -> Result<Machine<S>> {
    let calls = Arc::new(StoreCalls::default());
    let store = CountingStore::new(store, countdown, Arc::clone(&calls));
    let config = RunnerConfig::new(Environment::new("bench")?).with_slots(options.slots);
    let machine = noop::machine(store, NoopSpawner::new()?)?.with_config(config);
    let token = CancellationToken::new();
    let mut runner = JoinSet::new();
    let (running, until) = (machine.clone(), token.clone());
    runner.spawn(async move { running.run(until).await });
    Ok(Machine {
        machine,
        request: noop::request()?,
        calls,
        token,
        runner: Mutex::new(runner),
    })
}

#[async_trait]
impl<S: SpecStore> Engine for Machine<S> {
    async fn submit(&self) -> Result<()> {
        self.machine.launch(self.request.clone()).await?;
        Ok(())
    }

    async fn stop(&self) -> Result<()> {
        self.token.cancel();
        while let Some(ended) = self.runner.lock().await.join_next().await {
            ended??;
        }
        Ok(())
    }

    fn calls(&self) -> Option<&StoreCalls> {
        Some(&self.calls)
    }
}

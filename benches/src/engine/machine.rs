//! Our side: the whole machine, with sandboxes that cost nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use async_trait::async_trait;
use spec_core::id::Environment;
use spec_core::store::MemoryStore;
use spec_core::{LaunchRequest, RunnerConfig, SpecStateMachine, SpecStatus, SpecStore};
use spec_sqlx::PostgresStore;
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Engine, Options};
use crate::countdown::Countdown;
use crate::noop::{self, NoopSpawner};
use crate::observed_store::{ObservedStore, Observer};
use crate::store;

/// Counted among the calls: how often the state of a spec was replaced by the next.
pub(super) const REVISIONS: &str = "states recorded";

/// Calls of a store, by name.
#[derive(Debug, Default)]
pub(super) struct StoreCalls {
    by_name: Mutex<BTreeMap<&'static str, u64>>,
}

impl StoreCalls {
    pub(super) fn by_name(&self) -> BTreeMap<&'static str, u64> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Progress {
    calls: Arc<StoreCalls>,
    countdown: Arc<Countdown>,
}

impl Observer for Progress {
    fn called(&self, name: &'static str) {
        *self.calls.lock().entry(name).or_default() += 1;
    }

    fn committed(&self, status: SpecStatus, raised: u32) {
        *self.calls.lock().entry(REVISIONS).or_default() += u64::from(raised);
        // A spec that failed is left out, so that the round runs into its time limit.
        if status == SpecStatus::Completed {
            self.countdown.finished();
        }
    }
}

pub(super) struct Machine<S> {
    inner: SpecStateMachine<ObservedStore<S, Progress>, NoopSpawner>,
    request: LaunchRequest,
    calls: Arc<StoreCalls>,
    token: CancellationToken,
    runner: tokio::sync::Mutex<JoinSet<Result<(), spec_core::Error>>>,
    opened: Option<(Arc<PostgresStore>, PgPool)>,
}

pub(super) fn in_memory(
    options: &Options,
    countdown: Arc<Countdown>,
) -> Result<Machine<MemoryStore>> {
    over(MemoryStore::default(), options, countdown)
}

pub(super) async fn on_postgres(
    url: &str,
    options: &Options,
    countdown: Arc<Countdown>,
) -> Result<Machine<Arc<PostgresStore>>> {
    let pool = store::connect(url, options.connections).await?;
    let store = Arc::new(PostgresStore::new(pool.clone()).await?);
    let machine = over(Arc::clone(&store), options, countdown)?;
    Ok(Machine {
        opened: Some((store, pool)),
        ..machine
    })
}

fn over<S: SpecStore>(
    store: S,
    options: &Options,
    countdown: Arc<Countdown>,
) -> Result<Machine<S>> {
    let calls = Arc::new(StoreCalls::default());
    let observer = Progress {
        calls: Arc::clone(&calls),
        countdown,
    };
    let store = ObservedStore::new(store, observer);
    let config = RunnerConfig::new(Environment::new("bench")?).with_slots(options.slots);
    let machine = noop::machine(store, NoopSpawner::new()?)?.with_config(config);
    let token = CancellationToken::new();
    let mut runner = JoinSet::new();
    let (running, until) = (machine.clone(), token.clone());
    runner.spawn(async move { running.run(until).await });
    Ok(Machine {
        inner: machine,
        request: noop::request()?,
        calls,
        token,
        runner: tokio::sync::Mutex::new(runner),
        opened: None,
    })
}

#[async_trait]
impl<S: SpecStore> Engine for Machine<S> {
    async fn submit(&self) -> Result<()> {
        self.inner.launch(self.request.clone()).await?;
        Ok(())
    }

    async fn stop(&self) -> Result<()> {
        self.token.cancel();
        while let Some(ended) = self.runner.lock().await.join_next().await {
            ended??;
        }
        if let Some((store, pool)) = &self.opened {
            store.close().await;
            pool.close().await;
        }
        Ok(())
    }

    fn calls(&self) -> Option<&StoreCalls> {
        Some(&self.calls)
    }
}

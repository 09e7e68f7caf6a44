//! From the answer to a write until a watcher has the event, over HTTP.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use spec_core::RunnerConfig;
use spec_core::id::{Environment, Sequence, SpecId, UserId};
use spec_http::{HttpConfig, NoAuth};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Options, sse};
use crate::cluster::Database;
use crate::noop::{self, NoopSpawner, Pace};
use crate::observed_store::{ObservedStore, Observer};
use crate::statistics::percentile;
use crate::store;
use crate::verdict::{Target, Verdict};

/// Every spec is at work for about ten seconds.
const PACE: Pace = Pace::Lines {
    number: 4,
    every: Duration::from_millis(500),
};

/// When the write up to an event was answered.
#[derive(Debug, Default)]
struct EventTimes(Mutex<HashMap<(SpecId, Sequence), Instant>>);

impl Observer for Arc<EventTimes> {
    fn stored(&self, id: SpecId, last: Sequence) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.insert((id, last), Instant::now());
    }
}

/// An event as a watcher saw it.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    spec: SpecId,
    number: u64,
    at: Instant,
}

pub(super) async fn measure(database: &Database, options: &Options) -> Result<Vec<Verdict>> {
    let times = Arc::new(EventTimes::default());
    let store = ObservedStore::new(store::open(&database.url).await?, Arc::clone(&times));
    let config = RunnerConfig::new(Environment::new("bench")?).with_slots(options.watched);
    let spawner = NoopSpawner::new()?.with_pace(PACE);
    let machine = noop::machine(store, spawner)?.with_config(config);
    let token = CancellationToken::new();
    let http = HttpConfig::new(NoAuth::user(UserId::new("ada")?))
        .with_max_streams(options.watchers + 1)
        .with_max_streams_per_principal(options.watchers + 1)
        .with_shutdown(token.clone());
    let router = spec_http::router(machine.clone().into_dyn(), http);
    let app = axum::Router::new().nest("/api", router);
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    let mut background = JoinSet::new();
    background.spawn(async move {
        axum::serve(listener, app)
            .await
            .map_err(anyhow::Error::from)
    });

    let mut specs = Vec::new();
    for _spec in 0..options.watched {
        specs.push(machine.launch(noop::request()?).await?.spec().id);
    }
    let mut watchers = JoinSet::new();
    for (_watcher, spec) in (0..options.watchers).zip(specs.iter().copied().cycle()) {
        watchers.spawn(watch(address, spec));
    }
    // Streams are open before anything happens.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let began = Instant::now();
    let (running, until) = (machine.clone(), token.clone());
    background.spawn(async move { Ok(running.run(until).await?) });

    let mut arrivals = Vec::new();
    while let Some(joined) = watchers.join_next().await {
        arrivals.extend(joined??);
    }
    let ended = began.elapsed();
    token.cancel();
    background.abort_all();

    let times = times.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut waits = Vec::new();
    for Arrival { spec, number, at } in arrivals {
        let sequence = Sequence::try_from(i64::try_from(number)?).context("no sequence")?;
        // Of several events in one write the last is timed, so that none counts twice.
        if let Some(stored) = times
            .get(&(spec, sequence))
            .filter(|stored| **stored >= began)
        {
            waits.push(at.saturating_duration_since(*stored).as_secs_f64() * 1e3);
        }
    }
    let rate = waits.len() as f64 / ended.as_secs_f64();
    let what = |percent| {
        let (watchers, specs) = (options.watchers, options.watched);
        format!("commit to {watchers} watchers of {specs} specs, p{percent}")
    };
    Ok(vec![
        Verdict::new(what(50), percentile(&waits, 50), "ms", Target::Told),
        Verdict::new(what(99), percentile(&waits, 99), "ms", Target::AtMost(50.0)),
        Verdict::new("events delivered", rate, "per s", Target::Told),
    ])
}

async fn watch(address: SocketAddr, spec: SpecId) -> Result<Vec<Arrival>> {
    let mut arrivals = Vec::new();
    let path = format!("/api/specs/{spec}/events/stream");
    sse::follow(address, &path, |number, at| {
        arrivals.push(Arrival { spec, number, at });
    })
    .await?;
    Ok(arrivals)
}

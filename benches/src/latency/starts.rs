//! Launches at a steady rate, whether or not the ones before have been answered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use spec_core::id::{Environment, SpecId};
use spec_core::{RunnerConfig, SpecStore};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Options;
use crate::cluster::Database;
use crate::noop::{self, Effect, NoopSpawner};
use crate::statistics::percentile;
use crate::store;
use crate::verdict::{Target, Verdict};

/// Longest wait for the last first sandbox.
const STRAGGLER_TIMEOUT: Duration = Duration::from_secs(20);

/// Times of one run, in milliseconds from the call of each launch.
struct Times {
    launch: Vec<f64>,
    spawn: Vec<f64>,
}

pub(super) async fn measure(database: &Database, options: &Options) -> Result<Vec<Verdict>> {
    let floor = inserts(database, 25, options.launches).await?;
    let store = store::open(&database.url).await?;
    let starts = at_rate(Arc::clone(&store), 25, options.launches)
        .await?
        .spawn;
    let launches = at_rate(store, 50, options.launches).await?.launch;
    let row = |what: &str, values: &[f64], percent, target| {
        let what = format!("{what}, p{percent}");
        Verdict::new(what, percentile(values, percent), "ms", target)
    };
    Ok(vec![
        row("one row made durable at 25/s", &floor, 50, Target::Told),
        row("one row made durable at 25/s", &floor, 99, Target::Told),
        row(
            "launch to first sandbox at 25/s",
            &starts,
            50,
            Target::AtMost(2.0),
        ),
        row(
            "launch to first sandbox at 25/s",
            &starts,
            99,
            Target::AtMost(5.0),
        ),
        row("launch to answer at 50/s", &launches, 50, Target::Told),
        row("launch to answer at 50/s", &launches, 99, Target::Told),
    ])
}

/// What the least durable change takes on this server: the floor under every launch.
async fn inserts(database: &Database, rate: u32, count: u32) -> Result<Vec<f64>> {
    let pool = store::connect(&database.url, 1).await?;
    sqlx::query("CREATE TABLE floor (number integer)")
        .execute(&pool)
        .await?;
    let mut connection = pool.acquire().await?;
    let mut times = Vec::new();
    for number in 0..count.min(200) {
        sleep(Duration::from_secs(1) / rate).await;
        let called = Instant::now();
        sqlx::query("INSERT INTO floor VALUES ($1)")
            .bind(i32::try_from(number)?)
            .execute(&mut *connection)
            .await?;
        times.push(called.elapsed().as_secs_f64() * 1e3);
    }
    drop(connection);
    pool.close().await;
    Ok(times)
}

async fn at_rate<S: SpecStore>(store: S, rate: u32, launches: u32) -> Result<Times> {
    let first_seen = Arc::new(Mutex::new(HashMap::<SpecId, Instant>::new()));
    let witnessed = Arc::clone(&first_seen);
    let spawner = NoopSpawner::new()?.with_witness(move |effect, sandbox| {
        if effect == Effect::Spawn {
            let mut seen = witnessed.lock().unwrap_or_else(PoisonError::into_inner);
            let spec = sandbox.attempt().spec_id;
            seen.entry(spec).or_insert_with(Instant::now);
        }
    });
    let config = RunnerConfig::new(Environment::new("bench")?);
    let machine = noop::machine(store, spawner)?.with_config(config);
    let token = CancellationToken::new();
    let mut runner = JoinSet::new();
    let (running, until) = (machine.clone(), token.clone());
    runner.spawn(async move { running.run(until).await });
    // The runner is to be at rest when the first launch comes.
    sleep(Duration::from_secs(2)).await;

    let mut tasks = JoinSet::new();
    let began = Instant::now();
    for number in 0..launches {
        let planned = began + Duration::from_secs(1) * number / rate;
        let (machine, request) = (machine.clone(), noop::request()?);
        tasks.spawn(async move {
            sleep_until(planned.into()).await;
            // Timers are a millisecond late, which is nobody's fault.
            let called = Instant::now();
            let id = machine.launch(request).await?.spec().id;
            anyhow::Ok((id, called, Instant::now()))
        });
    }
    let mut answers = Vec::new();
    while let Some(joined) = tasks.join_next().await {
        answers.push(joined??);
    }
    let deadline = Instant::now() + STRAGGLER_TIMEOUT;
    let seen = || {
        first_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    };
    while seen().len() < answers.len() {
        ensure!(
            Instant::now() < deadline,
            "a launch was not followed by a sandbox"
        );
        sleep(Duration::from_millis(50)).await;
    }
    token.cancel();
    while let Some(ended) = runner.join_next().await {
        ended??;
    }
    let first_seen = seen();
    let ms = |later: Instant, called| later.duration_since(called).as_secs_f64() * 1e3;
    Ok(Times {
        launch: answers
            .iter()
            .map(|(_, called, answered)| ms(*answered, *called))
            .collect(),
        spawn: answers
            .iter()
            .filter_map(|(id, called, _)| Some(ms(*first_seen.get(id)?, *called)))
            .collect(),
    })
}

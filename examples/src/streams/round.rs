//! One round: a server, its specs, and their readers.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use spec_core::id::SpecId;
use sqlx::PgPool;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::client::{Pace, Reader, Record, ask};
use super::commits::Notes;
use super::memory::kib;
use super::verdict::{Figures, Latency, Memory};
use super::{APPLICATION, token};
use crate::database::{PostgresUrl, VARIABLE};

/// Longest start and end of the server, and longest opening of the streams.
const PATIENCE: Duration = Duration::from_mins(1);
/// For what has ended to be put away before memory is looked at.
const REST: Duration = Duration::from_secs(2);

/// The size of a round.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Readers, spread evenly over the specs.
    pub clients: usize,
    /// Specs.
    pub specs: usize,
    /// How long each spec takes.
    pub seconds: u64,
    /// How many readers are slow.
    pub slow: usize,
    /// Whether one reader ignores an event, which must not go unnoticed.
    pub loses_one: bool,
}

/// Runs a round: starts the server by this program's `arguments`, opens the streams, starts the specs,
/// and reads until all have ended.
///
/// # Errors
///
/// When something does not work at all. What is lost or repeated is told by the figures.
pub async fn round(
    database: &PostgresUrl,
    load: &Load,
    arguments: &[String],
) -> anyhow::Result<Figures> {
    let pool = database.connect(APPLICATION).await?;
    let transactions = transactions(&pool).await?;
    let mut server = Command::new(std::env::current_exe()?)
        .args(arguments)
        // Everybody can read the arguments of a process.
        .env(VARIABLE, database.expose())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let limit = PATIENCE * 3 + Duration::from_secs(load.seconds) * 3;
    let reading = timeout(limit, read_all(&mut server, load));
    let mut figures = reading.await.context("the round takes too long")??;
    drop(server.stdin.take());
    let status = timeout(PATIENCE, server.wait()).await;
    let status = status.context("the server does not end")??;
    ensure!(status.success(), "the server ended with {status}");
    figures.transactions = self::transactions(&pool).await? - transactions;
    pool.close().await;
    Ok(figures)
}

async fn transactions(pool: &PgPool) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar(
        "SELECT xact_commit + xact_rollback FROM pg_stat_database \
         WHERE datname = current_database()",
    )
    .fetch_one(pool)
    .await?)
}

async fn address(server: &mut Child) -> anyhow::Result<SocketAddr> {
    let told = server.stdout.take().context("no output of the server")?;
    let line = BufReader::new(told).lines().next_line().await?;
    Ok(line.context("the server did not start")?.parse()?)
}

async fn read_all(server: &mut Child, load: &Load) -> anyhow::Result<Figures> {
    let pid = server.id().context("the server has ended")?;
    let address = timeout(PATIENCE, address(server)).await??;
    let specs = drafts(address, load).await?;
    let before = kib(pid, "VmRSS")?;

    let (enough, mut readers) = (CancellationToken::new(), Readers::default());
    let (opened, mut openings) = mpsc::channel(load.clients.max(1));
    for number in 0..load.clients {
        let owner = number % load.specs;
        let is_slow = number < load.slow;
        let reader = Reader {
            server: address,
            spec: *specs.get(owner).context("a spec for each reader")?,
            token: token(owner),
            pace: if is_slow {
                Pace::SlowUntil(enough.clone())
            } else {
                Pace::Fast
            },
            loses_one: load.loses_one && number + 1 == load.clients,
            opened: opened.clone(),
        };
        let spec = reader.spec;
        let reading = async move { Ok((spec, reader.read().await?)) };
        if is_slow {
            readers.slow.spawn(reading);
        } else {
            readers.fast.spawn(reading);
        }
    }
    drop(opened);
    // A slow reader takes its time over the first event too.
    for _reader in load.slow..load.clients {
        let told = timeout(PATIENCE, openings.recv()).await?;
        told.context("a stream was not opened")?;
    }
    let open = kib(pid, "VmRSS")?;
    drop(openings);

    let begun = Instant::now();
    for (number, spec) in specs.iter().enumerate() {
        let path = format!("/api/v1/specs/{spec}/execute");
        ask(address, "POST", &path, &token(number), None).await?;
    }
    let fast = all(readers.fast).await?;
    let seconds = begun.elapsed().as_secs_f64();
    enough.cancel();
    let slow = all(readers.slow).await?;

    let notes = ask(address, "GET", "/notes", "", None).await?;
    let notes: Notes = serde_json::from_value(notes)?;
    let mut figures = Figures {
        clients: load.clients,
        slow: load.slow,
        specs: load.specs,
        seconds,
        latency_ms: latency(&notes, &fast),
        store_calls: notes.calls,
        ..Figures::default()
    };
    judge(address, &specs, &fast, &slow, &mut figures).await?;
    sleep(REST).await;
    figures.memory_kib = Memory {
        before,
        open,
        peak: kib(pid, "VmHWM")?,
        after: kib(pid, "VmRSS")?,
    };
    Ok(figures)
}

type Reading = JoinSet<anyhow::Result<(SpecId, Record)>>;

#[derive(Default)]
struct Readers {
    fast: Reading,
    slow: Reading,
}

async fn all(mut readers: Reading) -> anyhow::Result<Vec<(SpecId, Record)>> {
    let mut records = Vec::new();
    while let Some(joined) = readers.join_next().await {
        records.push(joined??);
    }
    Ok(records)
}

async fn drafts(server: SocketAddr, load: &Load) -> anyhow::Result<Vec<SpecId>> {
    let mut specs = Vec::new();
    for number in 0..load.specs {
        let body = json!({
            "title": format!("Search history {number}"),
            "description": "Remember what I searched for.",
            "project_id": "chaos",
            "auto_execute": false,
        });
        let path = "/api/v1/specs/launch";
        let answer = ask(server, "POST", path, &token(number), Some(&body)).await?;
        let id = answer.get("spec_id").and_then(Value::as_str);
        specs.push(id.context("a launch without a spec")?.parse()?);
    }
    Ok(specs)
}

fn latency(notes: &Notes, fast: &[(SpecId, Record)]) -> Latency {
    let commits = notes
        .commits
        .iter()
        .map(|(id, last, at)| ((*id, *last), *at));
    let commits: HashMap<_, _> = commits.collect();
    let mut times = Vec::new();
    for (spec, record) in fast {
        for (number, at) in &record.arrivals {
            if let Some(committed) = commits.get(&(*spec, *number)) {
                let micros = u32::try_from(at.saturating_sub(*committed)).unwrap_or(0);
                times.push(f64::from(micros) / 1e3);
            }
        }
    }
    Latency::of(times)
}

/// Compares what readers were told with what is stored.
async fn judge(
    server: SocketAddr,
    specs: &[SpecId],
    fast: &[(SpecId, Record)],
    slow: &[(SpecId, Record)],
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let mut stored = HashMap::new();
    for (number, spec) in specs.iter().enumerate() {
        let path = format!("/api/v1/specs/{spec}");
        let detail = ask(server, "GET", &path, &token(number), None).await?;
        if detail.get("status").and_then(Value::as_str) != Some("completed") {
            figures.specs_incomplete += 1;
        }
        let mut last = 0;
        loop {
            let path = format!("/api/v1/specs/{spec}/events?after={last}&limit=100");
            let page = ask(server, "GET", &path, &token(number), None).await?;
            let events = page.get("events").and_then(Value::as_array);
            match events.and_then(|events| events.last()?.get("sequence")?.as_u64()) {
                Some(next) => last = next,
                None => break,
            }
        }
        figures.events_stored += last;
        stored.insert(*spec, last);
    }
    for (spec, record) in fast.iter().chain(slow) {
        let all = stored.get(spec).copied().unwrap_or(0);
        figures.lost += record.lost + all.saturating_sub(record.last);
        figures.repeated += record.repeated;
        figures.events_told += record.events;
        figures.reconnections += record.connections - 1;
        let behind = record.last_when_slow.map(|last| all.saturating_sub(last));
        figures.slow_behind += behind.unwrap_or(0);
    }
    Ok(())
}

//! Runners over one Postgres, killed at random, and Postgres crashed in between: nothing may be lost,
//! repeated or left behind.

#![expect(
    clippy::print_stdout,
    reason = "printing is what a command-line program does"
)]

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::{Parser, value_parser};
use spec_core::clock::{Clock as _, SystemClock};
use spec_core::id::{IdempotencyKey, ProjectId, SpecId, UserId};
use spec_core::spec::{Description, Title};
use spec_core::{Error, LaunchRequest, Spec};
use spec_examples::chaos::{
    APPLICATION, ChaosMachine, Figures, FolderSpawner, Workers, crash, judge, machine, may_crash,
};
use spec_examples::database::{PostgresUrl, VARIABLE};
use spec_sqlx::PostgresStore;
use tokio_util::sync::CancellationToken;

/// How often a runner is killed.
const KILL_EVERY: Duration = Duration::from_secs(1);
/// Time for the last specs to end, once nobody is killed any more.
const PATIENCE: Duration = Duration::from_mins(2);

/// Kills runners at random, one a second, and crashes Postgres once, while specs are worked on.
///
/// Exits with 0 if nothing was lost, repeated or left behind, and otherwise with 1, saying what.
/// Crashes the whole server, so give it a throw-away one, as a superuser.
#[derive(Debug, Parser)]
#[command(name = "chaos", version)]
struct Arguments {
    /// Runner processes.
    #[arg(long, default_value_t = 4, value_parser = value_parser!(u32).range(1..))]
    runners: u32,
    /// Specs, launched one after another during the first half of the time.
    #[arg(long, default_value_t = 200, value_parser = value_parser!(u32).range(1..))]
    specs: u32,
    /// How long runners are killed; Postgres is crashed after a third of it.
    #[arg(long, default_value_t = 60, value_parser = value_parser!(u64).range(1..))]
    seconds: u64,
    /// The Postgres database to keep the specs in.
    #[arg(long, value_name = "postgres://…", env = VARIABLE, hide_env_values = true)]
    database_url: PostgresUrl,
    /// Seconds that a silent runner keeps its specs.
    #[arg(long, default_value_t = 5, value_parser = value_parser!(u64).range(1..))]
    lease: u64,
    /// Leaves Postgres alone; others may be connected to it then.
    #[arg(long)]
    spare_postgres: bool,
    /// Prints the figures as JSON.
    #[arg(long)]
    json: bool,
    /// Only pretends to end sandboxes, which must not go unnoticed.
    #[arg(long, hide = true)]
    keep_sandboxes: bool,
    /// Be one of the runners, with the sandboxes in this folder.
    #[arg(long, hide = true)]
    run_in: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    spec_examples::log::init();
    let arguments = Arguments::parse();
    let outcome = match arguments.run_in.clone() {
        Some(folder) => run(&arguments, folder).await,
        None => Box::pin(rage(&arguments)).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            spec_examples::log::complain(&error);
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn spawner(&self, folder: PathBuf) -> anyhow::Result<FolderSpawner> {
        // Five phases, and a spec that is launched last still meets its share of trouble.
        let longest = Duration::from_millis(self.seconds.saturating_mul(1000) / 15);
        let spawner = FolderSpawner::new(folder, longest);
        let spawner = spawner.context("cannot make a folder for the sandboxes")?;
        Ok(spawner.that_keeps_sandboxes(self.keep_sandboxes))
    }

    async fn machine(&self, folder: PathBuf) -> anyhow::Result<ChaosMachine> {
        let pool = self.database_url.connect(APPLICATION).await?;
        let store = PostgresStore::new(pool).await?;
        let lease = Duration::from_secs(self.lease);
        Ok(machine(store, self.spawner(folder)?, lease)?)
    }
}

/// Runs until it is killed.
async fn run(arguments: &Arguments, folder: PathBuf) -> anyhow::Result<()> {
    // A runner may be started while Postgres recovers.
    let machine = loop {
        match arguments.machine(folder.clone()).await {
            Ok(machine) => break machine,
            Err(error) => tracing::warn!(%error, "cannot begin; trying again"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    machine.run(CancellationToken::new()).await?;
    Ok(())
}

async fn rage(arguments: &Arguments) -> anyhow::Result<()> {
    let pool = arguments.database_url.connect(APPLICATION).await?;
    if !arguments.spare_postgres {
        may_crash(&pool).await?;
    }
    let folder = tempfile::tempdir().context("cannot make a folder for the sandboxes")?;
    let machine = arguments.machine(folder.path().to_owned()).await?;
    let owner = owner()?;

    let begun = Instant::now();
    let mut workers = Workers::start(
        arguments.runners,
        arguments.database_url.clone(),
        worker_arguments(arguments, &folder),
    )?;
    let mut figures = Figures {
        runners: arguments.runners,
        ..Figures::default()
    };
    let launching = launch_all(&machine, arguments, &owner);
    let killing = async {
        let mut crashed = 0;
        for second in 1..=arguments.seconds {
            tokio::time::sleep(KILL_EVERY).await;
            workers.kill_one(random()).await?;
            if second == arguments.seconds.div_ceil(3) && !arguments.spare_postgres {
                crash(&pool).await?;
                crashed += 1;
            }
        }
        anyhow::Ok(crashed)
    };
    let ((ids, repeated), crashed) = tokio::try_join!(launching, killing)?;
    figures.launches_repeated = repeated;
    figures.postgres_crashes = crashed;
    figures.specs = ids.len();
    let specs = wait_for_all(&machine, &ids).await?;
    figures.seconds = begun.elapsed().as_secs_f64();
    let toll = workers.end().await?;
    (figures.kills, figures.runners_ended) = (toll.killed, toll.ended);

    let (claimed_again, stored): (i64, i64) = sqlx::query_as(
        "SELECT coalesce(sum(epoch - 1), 0)::bigint, count(*) FROM spec.specs WHERE owner = $1",
    )
    .bind(owner.as_str())
    .fetch_one(&pool)
    .await?;
    figures.takeovers = claimed_again;
    figures.launched_twice = usize::try_from(stored)?.abs_diff(figures.specs);
    let spawner = arguments.spawner(folder.path().to_owned())?;
    let figures = judge(&machine, &spawner, &specs, figures).await?;
    let verdict = figures.verdict();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&figures)?);
    } else {
        println!("{figures:#?}");
    }
    if !verdict.is_good() {
        bail!("{verdict}");
    }
    if !arguments.json {
        println!("{verdict}");
    }
    Ok(())
}

/// A user of this run only: process ids are used again, and a database may be too.
fn owner() -> anyhow::Result<UserId> {
    let now = SystemClock.now().as_micros();
    Ok(UserId::new(format!("chaos-{}-{now}", std::process::id()))?)
}

fn worker_arguments(arguments: &Arguments, folder: &tempfile::TempDir) -> Vec<OsString> {
    let mut list: Vec<OsString> = Vec::new();
    let seconds = arguments.seconds.to_string();
    let lease = arguments.lease.to_string();
    for (name, value) in [("--seconds", &seconds), ("--lease", &lease)] {
        list.push(name.into());
        list.push(value.into());
    }
    if arguments.keep_sandboxes {
        list.push("--keep-sandboxes".into());
    }
    list.push("--run-in".into());
    list.push(folder.path().into());
    list
}

/// Launches all, evenly over the first half of the time.
async fn launch_all(
    machine: &ChaosMachine,
    arguments: &Arguments,
    owner: &UserId,
) -> anyhow::Result<(Vec<SpecId>, u32)> {
    let pause = Duration::from_secs(arguments.seconds) / 2 / arguments.specs.max(1);
    let (mut ids, mut repeated) = (Vec::new(), 0);
    for number in 0..arguments.specs {
        let request = LaunchRequest {
            idempotency_key: Some(IdempotencyKey::new(format!("{owner}-{number}"))?),
            ..LaunchRequest::new(
                owner.clone(),
                Title::new(format!("Search history {number}"))?,
                Description::new("Remember what I searched for.")?,
            )
            .for_project(ProjectId::new("chaos")?)
        };
        let (launched, again) = patiently(|| machine.launch(request.clone())).await?;
        repeated += again;
        ids.push(launched.spec().id);
        tokio::time::sleep(pause).await;
    }
    Ok((ids, repeated))
}

async fn wait_for_all(machine: &ChaosMachine, ids: &[SpecId]) -> anyhow::Result<Vec<Spec>> {
    let deadline = Instant::now() + PATIENCE;
    let mut specs = Vec::new();
    for id in ids {
        loop {
            let (spec, _) = patiently(|| machine.get(*id)).await?;
            if spec.status.is_terminal() || Instant::now() > deadline {
                specs.push(spec);
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(specs)
}

/// Asks again while the store cannot be reached; also says how often.
async fn patiently<T>(mut ask: impl AsyncFnMut() -> Result<T, Error>) -> anyhow::Result<(T, u32)> {
    let deadline = Instant::now() + PATIENCE;
    let mut again = 0;
    loop {
        match ask().await {
            Ok(answer) => return Ok((answer, again)),
            Err(Error::Store { source, .. }) if source.is_retryable() => {
                if Instant::now() > deadline {
                    bail!("the database does not come back: {source}");
                }
                again += 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Which runner is killed: from the clock, which is random enough.
fn random() -> usize {
    usize::try_from(SystemClock.now().as_micros()).unwrap_or(0)
}

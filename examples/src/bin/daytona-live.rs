//! A look at Daytona with a real account: one small sandbox, every operation once.

#![expect(
    clippy::print_stdout,
    reason = "printing is what a command-line program does"
)]

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use spec_core::clock::{IdGenerator as _, UuidV7Generator};
use spec_core::id::{Environment, ProjectId};
use spec_daytona::DaytonaSpawner;
use spec_examples::repositories::{Access, GitToken, RemoteUrl, Repository};
use spec_examples::sandboxes::{account, preflight};
use spec_examples::smoke::{Plan, Report, smoke};
use tokio_util::sync::CancellationToken;

/// After which Daytona ends the sandbox if this program does not.
const TTL: Duration = Duration::from_mins(5);
/// Longest wait for it to start.
const START_LIMIT: Duration = Duration::from_mins(3);
/// Exit code of a program that was interrupted (128 + SIGINT).
const INTERRUPTED: u8 = 130;

/// Makes one sandbox at Daytona, uses every operation once, and deletes it. Costs money.
///
/// Reaches the account that `DAYTONA_API_URL` and `DAYTONA_API_KEY` name, with `DAYTONA_TARGET` and
/// `DAYTONA_ORGANIZATION_ID` if they are set. Prints the id of everything it makes and deletes. The
/// sandbox is deleted also after a failure and after Ctrl-C, and by Daytona itself after five minutes.
/// Exits with 0 if every step went well, and otherwise with 1.
#[derive(Debug, Parser)]
#[command(name = "daytona-live", version)]
struct Arguments {
    /// Says that you know that this costs money.
    #[arg(long, required = true)]
    yes_this_costs_money: bool,
    /// The repository to check out; a small one will do.
    #[arg(
        long,
        value_name = "https://…",
        default_value = "https://github.com/octocat/Hello-World"
    )]
    repository: RemoteUrl,
    /// The snapshot that the sandbox is made from; by default that of the account.
    #[arg(long, value_name = "NAME")]
    daytona_snapshot: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    spec_examples::log::init();
    let arguments = Arguments::parse();
    let interrupted = CancellationToken::new();
    let outcome = tokio::select! {
        outcome = look(arguments, &interrupted) => outcome,
        code = leave(&interrupted) => return code,
    };
    match outcome {
        Ok(report) => {
            println!("{report}");
            if report.is_good() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            spec_examples::log::complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn look(arguments: Arguments, interrupted: &CancellationToken) -> anyhow::Result<Report> {
    // Time has to be left to use it, once it has started.
    let config = account(arguments.daytona_snapshot)?.with_start_limit(START_LIMIT);
    let access = Access {
        folders: false,
        token: GitToken::from_env()?,
    };
    let repository = Repository::Remote(arguments.repository);
    let project = access.project(ProjectId::new("live")?, &repository)?;
    let plan = Plan {
        repository: project.checkout,
        environment: Environment::new(format!("daytona-live-{}", UuidV7Generator.uuid()))?,
        ttl: TTL,
    };
    let mut report = Report::default();
    let say = |text: &str| println!("{text}");
    let work = async {
        preflight(&config, &say).await?;
        Ok(((), "the key may make and delete sandboxes".to_owned()))
    };
    if report.step("preflight", work).await.is_none() {
        return Ok(report);
    }
    let spawner = DaytonaSpawner::new(config)?;
    smoke(&spawner, &plan, interrupted, &say, &mut report).await;
    spawner.close().await;
    Ok(report)
}

/// Completes at the second Ctrl-C; the first one ends the look, with the sandbox.
async fn leave(interrupted: &CancellationToken) -> ExitCode {
    for patience in [true, false] {
        if let Err(error) = tokio::signal::ctrl_c()
            .await
            .context("cannot listen for Ctrl-C")
        {
            // Without it the look goes on to its end.
            spec_examples::log::complain(&error);
            std::future::pending::<()>().await;
        }
        if patience {
            println!(
                "interrupted: deleting what was made; Ctrl-C again leaves it to its time to live"
            );
            interrupted.cancel();
        }
    }
    ExitCode::from(INTERRUPTED)
}

//! Takes an idea through all phases: SQLite or Postgres, a sandbox per phase here or at Daytona, the offline agent.

#![expect(
    clippy::print_stdout,
    reason = "printing is what a command-line program does"
)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use clap::Parser;
use futures_util::StreamExt as _;
use spec_core::id::{Sequence, SpecId, UserId};
use spec_core::spec::{Description, Title};
use spec_core::store::{PageLimit, SpecQuery, SpecSummary};
use spec_core::{LaunchRequest, Policy, Spec, SpecStatus};
use spec_examples::database::DatabaseArguments;
use spec_examples::display::Display;
use spec_examples::host::{Host, HostMachine, HostOptions, act_as_offline_agent, open};
use spec_examples::repositories::{Access, AnyRepository, GitToken, RemoteUrl, Repository};
use spec_examples::sandboxes::SandboxArguments;
use spec_examples::summary::summary;
use spec_local::DirectoryTarget;
use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a program that was interrupted (128 + SIGINT).
const INTERRUPTED: u8 = 130;

/// Type an idea, get a spec: EXPLORE, REQUIREMENTS, DESIGN, TASKS, SYNC on a git repository.
///
/// Drafts with a rule-based agent that needs no language model; unless told otherwise, on this machine,
/// with no account and no network.
#[derive(Debug, Parser)]
#[command(name = "launch", version)]
struct Arguments {
    /// What you want to build, in your own words.
    #[arg(required_unless_present = "resume", conflicts_with = "resume")]
    idea: Option<String>,
    /// Title to show; by default the beginning of the idea.
    #[arg(long)]
    title: Option<String>,
    /// A folder in the git repository that the idea is for.
    #[arg(long, default_value = ".", value_name = "PATH")]
    repo: PathBuf,
    /// The git repository that the idea is for, where it is not on this machine. A token for a private
    /// one is taken from `GIT_TOKEN`, and sent to the host in `GIT_HOST` only, by default github.com.
    #[arg(long, value_name = "https://…", conflicts_with = "repo")]
    repository: Option<RemoteUrl>,
    /// Where specs are kept while they are worked on; by default your data folder.
    #[arg(long)]
    data: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    sandboxes: SandboxArguments,
    /// Where the finished spec is written to, in a folder of its own.
    #[arg(long, default_value = "specs")]
    out: PathBuf,
    /// Seconds that one attempt at a phase may take.
    #[arg(long, default_value_t = Policy::default().attempt_timeout.as_secs())]
    attempt_timeout: u64,
    /// Milliseconds that the offline agent waits after each line of progress, for demonstrations.
    #[arg(long, hide = true)]
    slow_ms: Option<u64>,
    /// Go on with what an earlier run left unfinished.
    #[arg(long)]
    resume: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    if let Some(code) = act_as_offline_agent() {
        return code;
    }
    spec_examples::log::init();
    match Box::pin(launch(Arguments::parse())).await {
        Ok(code) => code,
        Err(error) => {
            spec_examples::log::complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn launch(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let options = HostOptions {
        data: arguments.data,
        database: arguments.database.database()?,
        sandboxes: arguments.sandboxes.sandboxes()?,
        replica: None,
        out: arguments.out,
        agent_delay: arguments.slow_ms,
    };
    let access = Access {
        folders: options.sandboxes.reach_folders(),
        token: GitToken::from_env()?,
    };
    let user = UserId::new("local")?;
    let display = Display::new();
    let Some(idea) = arguments.idea else {
        let host = begin(&options, access, &display).await?;
        let ended = resume(&host.machine, &user, &options.out, &display).await;
        host.close().await;
        return ended;
    };
    let title = match arguments.title {
        Some(title) => Title::new(title)?,
        None => title_of(&idea)?,
    };
    let description =
        Description::new(idea).map_err(|error| anyhow!("the idea: {}", error.reason()))?;
    let repository = match arguments.repository {
        Some(url) => Repository::Remote(url),
        None => access.find(Repository::Folder(arguments.repo))?,
    };
    let project = AnyRepository::id_of(&repository)?;
    if let Some(remark) = access.remark(&repository) {
        display.note(&remark);
    }
    let host = begin(&options, access, &display).await?;
    let machine = &host.machine;
    let left = unfinished(machine, &user).await?;
    if !left.is_empty() {
        let these = if left.len() == 1 {
            "spec is"
        } else {
            "specs are"
        };
        display.note(&format!(
            "note: {} {these} unfinished; `launch --resume` goes on with what was interrupted",
            left.len()
        ));
    }
    let policy = Policy {
        attempt_timeout: Duration::from_secs(arguments.attempt_timeout),
        ..Policy::default()
    };
    let request = LaunchRequest::new(user.clone(), title, description)
        .for_project(project)
        .with_policy(policy);
    let launched = machine.launch(request).await?;
    let ended = finish(machine, &user, launched.spec().id, &options.out, &display).await;
    host.close().await;
    ended
}

/// Opens the machine, and ends what earlier runs have left at Daytona.
async fn begin(options: &HostOptions, access: Access, display: &Display) -> anyhow::Result<Host> {
    let say = |text: &str| display.note(text);
    let host = open(options, AnyRepository(access), &say).await?;
    // A server does it again and again; this program drives its own specs only.
    if !options.sandboxes.are_local()
        && let Err(error) = host.machine.reap().await
    {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "cannot end what earlier runs have left"
        );
    }
    Ok(host)
}

/// The beginning of the idea: its first line, at most 100 characters.
fn title_of(idea: &str) -> anyhow::Result<Title> {
    let first = idea.trim().lines().next().unwrap_or_default();
    let clean: String = first
        .chars()
        .filter(|c| !c.is_control())
        .take(100)
        .collect();
    if clean.trim().is_empty() {
        bail!("the idea is empty: say in a sentence what you want to build");
    }
    Ok(Title::new(clean)?)
}

async fn unfinished(machine: &HostMachine, user: &UserId) -> anyhow::Result<Vec<SpecSummary>> {
    let query = SpecQuery {
        owner: Some(user.clone()),
        status: Some(SpecStatus::Executing),
        limit: PageLimit::MAX,
        ..SpecQuery::default()
    };
    Ok(machine.list(&query).await?.items)
}

async fn resume(
    machine: &HostMachine,
    user: &UserId,
    out: &std::path::Path,
    display: &Display,
) -> anyhow::Result<ExitCode> {
    let left = unfinished(machine, user).await?;
    if left.is_empty() {
        display.note("nothing to resume");
    }
    let mut code = ExitCode::SUCCESS;
    // Oldest first: the list is newest first.
    for spec in left.iter().rev() {
        display.note(&format!("resuming `{}` ({})", spec.title, spec.id));
        let ended = finish(machine, user, spec.id, out, display).await?;
        if ended != ExitCode::SUCCESS {
            code = ended;
        }
    }
    Ok(code)
}

/// Drives a spec to its end, showing what happens.
async fn finish(
    machine: &HostMachine,
    user: &UserId,
    id: SpecId,
    out: &std::path::Path,
    display: &Display,
) -> anyhow::Result<ExitCode> {
    // Ends with the event that ends the spec.
    let show = async {
        let mut events = machine.watch(id, Sequence::default());
        while let Some(event) = events.next().await {
            display.event(&event?);
        }
        anyhow::Ok(())
    };
    let ended = async { tokio::try_join!(drive(machine, id), show) };
    let (spec, ()) = tokio::select! {
        ended = ended => ended?,
        code = interrupted(machine, user, id, display) => return code,
    };
    let artifacts = machine.artifacts(id).await?;
    let mut agents = machine.agents();
    let agent = agents.find_map(|(name, text)| (*name == spec.agent).then_some(text));
    let target = DirectoryTarget::new(out);
    println!(
        "{}",
        summary(
            &spec,
            &artifacts,
            agent.unwrap_or("not known to this program"),
            &target
        )
    );
    Ok(match spec.status {
        SpecStatus::Completed => ExitCode::SUCCESS,
        SpecStatus::Cancelled => ExitCode::from(INTERRUPTED),
        SpecStatus::Failed
        | SpecStatus::Draft
        | SpecStatus::Executing
        | SpecStatus::AwaitingApproval
        | SpecStatus::AwaitingAnswers
        | SpecStatus::Paused => ExitCode::FAILURE,
    })
}

/// Drives this spec and no other, until it has ended.
async fn drive(machine: &HostMachine, id: SpecId) -> anyhow::Result<Spec> {
    loop {
        let spec = machine.drive(id).await?;
        if spec.status.is_terminal() {
            return Ok(spec);
        }
        // Another process has it, or it waits for its next attempt.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Cancels the spec when the user presses Ctrl-C; gives up when they press it again.
async fn interrupted(
    machine: &HostMachine,
    user: &UserId,
    id: SpecId,
    display: &Display,
) -> anyhow::Result<ExitCode> {
    // One listener for both: what comes between two waits is not lost.
    let mut interrupts = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    interrupts.recv().await;
    display.note("cancelling; press Ctrl-C again to leave without waiting");
    match machine
        .cancel(id, user.clone(), Some("interrupted".to_owned()))
        .await
    {
        // It has just ended by itself.
        Ok(_) | Err(spec_core::Error::Refused { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    interrupts.recv().await;
    Ok(ExitCode::from(INTERRUPTED))
}

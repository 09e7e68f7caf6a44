//! Takes an idea through all phases: SQLite or Postgres, a sandbox per phase here or at Daytona, an agent of choice.

#![expect(
    clippy::print_stdout,
    reason = "printing is what a command-line program does"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use clap::Parser;
use futures_util::StreamExt as _;
use spec_core::attempt::FailureKind;
use spec_core::id::{AgentName, Sequence, SpecId, UserId};
use spec_core::machine::{Refusal, due_at};
use spec_core::policy::Budget;
use spec_core::spec::{Description, Title};
use spec_core::store::{PageLimit, SpecQuery, SpecSummary};
use spec_core::{LaunchRequest, Policy, Spec, SpecStatus};
use spec_examples::agents::{AgentArguments, act_as_offline_agent};
use spec_examples::database::DatabaseArguments;
use spec_examples::display::Display;
use spec_examples::host::{Host, HostMachine, HostOptions, open};
use spec_examples::repositories::{Access, AnyRepository, GitToken, RemoteUrl, Repository};
use spec_examples::sandboxes::SandboxArguments;
use spec_examples::summary::summary;
use spec_local::DirectoryTarget;
use tokio::signal::unix::{SignalKind, signal};

/// Exit code of a program that was interrupted (128 + SIGINT).
const INTERRUPTED: u8 = 130;

/// Type an idea, get a spec: EXPLORE, REQUIREMENTS, DESIGN, TASKS, SYNC on a git repository.
///
/// Unless told otherwise, drafts on this machine, with no account and no network, and with a rule-based
/// agent that needs no language model.
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
    #[command(flatten)]
    agents: AgentArguments,
    /// Where the finished spec is written to, in a folder of its own.
    #[arg(long, default_value = "specs")]
    out: PathBuf,
    /// Seconds that one attempt at a phase may take.
    #[arg(long, default_value_t = Policy::default().attempt_timeout.as_secs())]
    attempt_timeout: u64,
    /// Milliseconds that the offline agent waits after each line of progress, for demonstrations.
    #[arg(long, hide = true)]
    slow_ms: Option<u64>,
    /// Go on with what an earlier run left unfinished. With a budget, also with what failed because its
    /// budget was used up; what goes on has the new budget.
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
    let agents = arguments.agents.agents()?;
    let options = HostOptions {
        data: arguments.data,
        database: arguments.database.database()?,
        sandboxes: arguments.sandboxes.sandboxes()?,
        replica: None,
        out: arguments.out,
        agents,
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
        let session = Session {
            machine: &host.machine,
            user: &user,
            out: &options.out,
            display: &display,
        };
        let ended = session.resume(options.agents.budget()).await;
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
    let session = Session {
        machine: &host.machine,
        user: &user,
        out: &options.out,
        display: &display,
    };
    let left = session.listed(SpecStatus::Executing).await?;
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
        ..options.agents.policy()
    };
    let request = LaunchRequest::new(user.clone(), title, description)
        .for_project(project)
        .with_policy(policy);
    let launched = host.machine.launch(request).await?;
    let ended = session.finish(launched.spec().id).await;
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

/// A user at work with a machine.
struct Session<'a> {
    machine: &'a HostMachine,
    user: &'a UserId,
    out: &'a Path,
    display: &'a Display,
}

impl Session<'_> {
    /// The user's specs with that status, newest first.
    async fn listed(&self, status: SpecStatus) -> anyhow::Result<Vec<SpecSummary>> {
        let mut query = SpecQuery {
            owner: Some(self.user.clone()),
            status: Some(status),
            limit: PageLimit::MAX,
            ..SpecQuery::default()
        };
        let mut specs = Vec::new();
        loop {
            let page = self.machine.list(&query).await?;
            specs.extend(page.items);
            query.before = page.next;
            if query.before.is_none() {
                return Ok(specs);
            }
        }
    }

    /// Specs that failed because their budget was used up.
    async fn over_budget(&self) -> anyhow::Result<Vec<Spec>> {
        let mut found = Vec::new();
        for summary in self.listed(SpecStatus::Failed).await? {
            let spec = self.machine.get(summary.id).await?;
            let failure = spec.failure.as_ref().map(|failure| failure.kind);
            if failure == Some(FailureKind::BudgetExceeded) {
                found.push(spec);
            }
        }
        Ok(found)
    }

    async fn resume(&self, budget: Budget) -> anyhow::Result<ExitCode> {
        let mut left = Vec::new();
        for summary in self.listed(SpecStatus::Executing).await? {
            left.push(self.machine.get(summary.id).await?);
        }
        let failed = self.over_budget().await?;
        if !budget.is_unlimited() {
            left.extend(failed);
        } else if !failed.is_empty() {
            self.display.note(&format!(
                "note: {} failed for the budget; `launch --resume` goes on with that too when it is \
                 given a larger one, with --budget-usd D.DD or --budget-tokens N",
                failed.len()
            ));
        }
        let mut waiting = self.listed(SpecStatus::AwaitingApproval).await?;
        waiting.extend(self.listed(SpecStatus::Paused).await?);
        if !waiting.is_empty() {
            self.display.note(&format!(
                "note: {} for a person; `serve` on the same database has pages to decide in",
                if waiting.len() == 1 {
                    "1 waits".to_owned()
                } else {
                    format!("{} wait", waiting.len())
                }
            ));
        }
        if left.is_empty() {
            self.display.note("nothing to resume");
        }
        left.sort_by_key(|spec| (spec.created_at, spec.id));
        let mut code = ExitCode::SUCCESS;
        for spec in left {
            let (title, id) = (&spec.title, spec.id);
            self.display.note(&format!("resuming `{title}` ({id})"));
            let ended = match self.hindrance(&spec, budget).await? {
                None => self.finish(id).await?,
                Some(hindrance) => {
                    self.display.note(&format!("cannot go on: {hindrance}"));
                    ExitCode::FAILURE
                }
            };
            if ended != ExitCode::SUCCESS {
                code = ended;
            }
        }
        Ok(code)
    }

    /// Gives a spec its new budget, and says what keeps it from going on, if something does.
    async fn hindrance(&self, spec: &Spec, budget: Budget) -> anyhow::Result<Option<String>> {
        // Driven without its agent it would fail for good.
        let mut needed = std::iter::once(&spec.agent).chain(&spec.policy.fallback_agent);
        if let Some(missing) = needed.find(|name| !self.knows(name)) {
            return Ok(Some(format!(
                "it was launched with agent `{missing}`; choose the same with --agent and \
                 --fallback-agent"
            )));
        }
        if budget.is_unlimited() {
            return Ok(None);
        }
        let before = spec.policy.budget;
        let budget = Budget {
            tokens: budget.tokens.or(before.tokens),
            cost_micro_usd: budget.cost_micro_usd.or(before.cost_micro_usd),
        };
        let by = self.user.clone();
        match self
            .machine
            .set_budget(spec.id, by, Some(budget), None)
            .await
        {
            Ok(_) => Ok(None),
            Err(spec_core::Error::Refused {
                refusal: refusal @ Refusal::BudgetExceeded { .. },
                ..
            }) => Ok(Some(refusal.to_string())),
            Err(error) => Err(error.into()),
        }
    }

    fn knows(&self, agent: &AgentName) -> bool {
        self.machine.agents().any(|(name, _)| name == agent)
    }

    /// Drives a spec to its end, or to where it waits for a person, showing what happens.
    async fn finish(&self, id: SpecId) -> anyhow::Result<ExitCode> {
        let machine = self.machine;
        let shown = AtomicU32::new(0);
        let spec = tokio::select! {
            spec = drive(machine, id) => spec?,
            error = self.show(id, &shown) => return Err(error),
            code = interrupted(machine, self.user, id, self.display) => return code,
        };
        let last = Sequence::new(shown.into_inner());
        self.show_rest(id, last).await?;
        let artifacts = machine.artifacts(id).await?;
        let usage = machine.usage(id).await?;
        let descriptions: BTreeMap<AgentName, String> = machine
            .agents()
            .map(|(name, text)| (name.clone(), text.to_owned()))
            .collect();
        let target = DirectoryTarget::new(self.out);
        println!(
            "{}",
            summary(&spec, &artifacts, &usage, &descriptions, &target)
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

    /// Shows what has happened to a spec, and then what happens, and notes how far. Ends with an
    /// error only.
    async fn show(&self, id: SpecId, shown: &AtomicU32) -> anyhow::Error {
        let mut events = self.machine.watch(id, Sequence::default());
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => {
                    self.display.event(&event);
                    shown.store(event.sequence.get(), Ordering::Relaxed);
                }
                Err(error) => return error.into(),
            }
        }
        std::future::pending().await
    }

    /// Shows what is stored after `last`.
    async fn show_rest(&self, id: SpecId, mut last: Sequence) -> anyhow::Result<()> {
        loop {
            let events = self.machine.events(id, last, PageLimit::MAX).await?;
            let Some(newest) = events.last() else {
                return Ok(());
            };
            last = newest.sequence;
            for event in &events {
                self.display.event(event);
            }
        }
    }
}

/// Drives this spec and no other, until it has ended or waits for a person.
async fn drive(machine: &HostMachine, id: SpecId) -> anyhow::Result<Spec> {
    loop {
        let spec = machine.drive(id).await?;
        let waits = spec.status != SpecStatus::Executing && due_at(&spec).is_none();
        if spec.status.is_terminal() || waits {
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

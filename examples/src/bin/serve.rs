//! Serves the router over SQLite or Postgres, with sandboxes here or at Daytona, and an agent of choice.

#![expect(
    clippy::print_stdout,
    reason = "printing is what a command-line program does"
)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use clap::Parser;
use spec_core::id::ProjectId;
use spec_core::project::{Project, StaticProjects};
use spec_examples::agents::{AgentArguments, act_as_offline_agent};
use spec_examples::database::DatabaseArguments;
use spec_examples::host::{HostOptions, open};
use spec_examples::quick_tasks::TaskFile;
use spec_examples::repositories::{Access, GitToken, NamedRepository, RemoteUrl, Repository};
use spec_examples::sandboxes::SandboxArguments;
use spec_http::{HttpConfig, NoAuth, UiConfig, router, ui};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long open connections may take to end once the program was told to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// Serves specs over HTTP under /api/v1, and web pages for them under /, on this machine only.
///
/// Unless told otherwise, drafts on this machine, with no account and no network, and with a rule-based
/// agent that needs no language model. Budgets and the fallback agent hold for launches that name none.
#[derive(Debug, Parser)]
#[command(name = "serve", version)]
struct Arguments {
    /// Where to listen. There is no authentication, so it must be a loopback address.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Serves everything below that path, such as /tools, instead of at the root.
    #[arg(long, value_name = "PATH", value_parser = Prefix::parse, default_value = "")]
    prefix: Prefix,
    /// Where specs are kept; by default your data folder.
    #[arg(long)]
    data: Option<PathBuf>,
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    sandboxes: SandboxArguments,
    #[command(flatten)]
    agents: AgentArguments,
    /// Calls this process NAME, where several share a database. They share the data folder too when
    /// they are on one machine, and each listens on an address of its own.
    #[arg(long, value_name = "NAME")]
    replica: Option<String>,
    /// Where finished specs are written to, each in a folder of its own.
    #[arg(long, default_value = "specs")]
    out: PathBuf,
    /// A project and its git repository, a folder of this machine or a URL; may be repeated. By default
    /// the repository one stands in. A token for private ones is taken from `GIT_TOKEN`, and sent to
    /// the host in `GIT_HOST` only, by default github.com.
    #[arg(long, value_name = "ID=PATH|https://…")]
    project: Vec<NamedRepository>,
    /// The git repository of the only project, where it is not on this machine.
    #[arg(long, value_name = "https://…", conflicts_with = "project")]
    repository: Option<RemoteUrl>,
    /// Takes tasks without a spec too, and appends each to this file as one line of JSON.
    #[arg(long, value_name = "FILE")]
    quick_tasks: Option<PathBuf>,
    /// Milliseconds that the offline agent waits after each line of progress, for demonstrations.
    #[arg(long, hide = true)]
    slow_ms: Option<u64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    if let Some(code) = act_as_offline_agent() {
        return code;
    }
    spec_examples::log::init();
    match serve(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            spec_examples::log::complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    if !arguments.listen.ip().is_loopback() {
        bail!(
            "{} is not a loopback address, and this program has no authentication",
            arguments.listen
        );
    }
    let agents = arguments.agents.agents()?;
    let sandboxes = arguments.sandboxes.sandboxes()?;
    let access = Access {
        folders: sandboxes.reach_folders(),
        token: GitToken::from_env()?,
    };
    let quick_tasks = arguments.quick_tasks.as_deref();
    let quick_tasks = quick_tasks.map(TaskFile::open).transpose()?;
    let named = named(arguments.project, arguments.repository, &access)?;
    let projects = projects(named, &access)?;
    let options = HostOptions {
        data: arguments.data,
        sandboxes,
        database: arguments.database.database()?,
        replica: arguments.replica,
        out: arguments.out,
        agents,
        agent_delay: arguments.slow_ms,
    };
    let say = |text: &str| println!("{text}");
    let host = open(&options, StaticProjects::new(projects), &say).await?;
    let machine = &host.machine;
    let stopping = CancellationToken::new();
    let sockets = TaskTracker::new();
    let mut config = HttpConfig::new(NoAuth::local()?)
        .with_shutdown(stopping.clone())
        .with_tasks(sockets.clone())
        .with_default_policy(options.agents.policy());
    if let Some(tasks) = quick_tasks {
        config = config.with_quick_tasks(tasks);
    }
    let specs = router(machine.clone().into_dyn(), config);
    let app = arguments.prefix.mount(
        Router::new()
            .nest("/api/v1", specs)
            .merge(ui(UiConfig::new("api/v1"))),
    );
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    // Before anybody is told that it is there: who is told may ask it to end.
    let asked = StopSignal::listen()?;
    if let Some(name) = &options.replica {
        println!("replica {name}");
    }
    if let Some(database) = &options.database {
        println!("specs are kept in {database}");
    }
    let address = listener.local_addr()?;
    let Prefix(prefix) = &arguments.prefix;
    println!("listening on http://{address}{prefix}/api/v1");
    println!("open http://{address}{prefix}/");

    let server =
        axum::serve(listener, app).with_graceful_shutdown(stopping.clone().cancelled_owned());
    let serving = async {
        server.await.context("the server failed")?;
        sockets.close();
        sockets.wait().await;
        Ok(())
    };
    let running = async {
        machine
            .run(stopping.clone())
            .await
            .context("the runner failed")
    };
    let stop = async {
        asked.asked().await;
        println!("stopping");
        stopping.cancel();
        // Both end by themselves now; a client that never closes must not hold the program.
        tokio::time::sleep(SHUTDOWN_GRACE).await;
        anyhow::Ok(())
    };
    let ended = tokio::select! {
        ended = async { tokio::try_join!(serving, running) } => ended.map(drop),
        stopped = stop => stopped,
    };
    host.close().await;
    ended
}

/// The repositories that were named, or the one that the program was started in.
fn named(
    projects: Vec<NamedRepository>,
    repository: Option<RemoteUrl>,
    access: &Access,
) -> anyhow::Result<Vec<NamedRepository>> {
    if !projects.is_empty() {
        return Ok(projects);
    }
    let only = match repository {
        Some(url) => Repository::Remote(url),
        None => access.find(Repository::Folder(PathBuf::from(".")))?,
    };
    Ok(vec![NamedRepository {
        id: ProjectId::new(only.name())?,
        repository: only,
    }])
}

fn projects(named: Vec<NamedRepository>, access: &Access) -> anyhow::Result<Vec<Project>> {
    named
        .into_iter()
        .map(|NamedRepository { id, repository }| {
            if let Some(remark) = access.remark(&repository) {
                println!("{remark}");
            }
            access.project(id, &access.find(repository)?)
        })
        .collect()
}

/// Nothing, or a path that begins with a slash and does not end with one.
#[derive(Debug, Clone)]
struct Prefix(String);

impl Prefix {
    fn parse(text: &str) -> Result<Self, String> {
        let path = text.trim_matches('/');
        if path.is_empty() {
            return Ok(Self(String::new()));
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if !path.bytes().all(is_plain)
            || path.split('/').any(|part| matches!(part, "" | "." | ".."))
        {
            return Err("write a path of letters, digits and - . _ ~, such as /tools".to_owned());
        }
        Ok(Self(format!("/{path}")))
    }

    /// `app` below this path.
    fn mount(&self, app: Router) -> Router {
        let Self(path) = self;
        if path.is_empty() {
            return app;
        }
        let there = path.clone();
        Router::new()
            .nest(path, app)
            // What is nested at a path is not found at the same with a slash.
            .route(
                &format!("{path}/"),
                get(move || async move { Redirect::permanent(&there) }),
            )
    }
}

/// What asks the program to end: Ctrl-C, or SIGTERM.
struct StopSignal {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignal {
    /// From now on neither ends the program by itself.
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?,
            terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
        })
    }

    async fn asked(mut self) {
        tokio::select! {
            _interrupted = self.interrupt.recv() => {}
            _terminated = self.terminate.recv() => {}
        }
    }
}

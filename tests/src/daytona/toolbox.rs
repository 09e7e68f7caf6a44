//! The toolbox of every sandbox: `/toolbox/{sandbox}`, with the proxy before it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{DefaultBodyLimit, Request, State as Shared};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::daytona::answer::{self, Answer, Refusal, now};
use crate::daytona::sandbox::State;
use crate::daytona::world::World;
use crate::daytona::{
    DAEMON_VERSION, Fault, execute, files, follow, git, processes, session, transfer,
};

/// The longest body that a daemon reads.
const LONGEST_BODY: usize = 256 * 1024 * 1024;

pub(crate) fn routes(with_processes: bool) -> Router<Arc<World>> {
    let sessions = Router::new()
        .route("/", post(session::create).get(session::list))
        .route("/{session}", get(session::get).delete(session::delete))
        .route("/{session}/exec", post(session::exec))
        .route("/{session}/command/{command}", get(session::one_command))
        .route("/{session}/command/{command}/logs", get(follow::logs))
        .route("/{session}/command/{command}/input", post(session::input));
    let files = Router::new()
        .route("/", get(files::list).delete(files::delete))
        .route("/info", get(files::info))
        .route("/folder", post(files::make_folder))
        .route("/move", post(files::rename))
        .route("/permissions", post(files::set_permissions))
        .route("/upload", post(transfer::upload))
        .route("/upload-v2", post(transfer::upload))
        .route("/bulk-upload", post(transfer::bulk_upload))
        .route("/download", get(transfer::download))
        .route("/bulk-download", post(transfer::bulk_download));
    let newer = if with_processes {
        Router::new().nest("/processes", processes::routes())
    } else {
        Router::new()
    };
    let toolbox = newer
        .route("/version", get(version))
        .route("/work-dir", get(work_dir))
        .route("/user-home-dir", get(work_dir))
        .route("/system/metrics", get(metrics))
        .route("/env", post(execute::set_env))
        .route("/process/execute", post(execute::execute))
        .nest("/process/session", sessions)
        .nest("/files", files)
        .route("/git/clone", post(git::clone))
        .route("/git/status", get(git::status))
        // A daemon has no page to show. A client that asks for what only newer ones have sees this.
        .fallback(no_route)
        .method_not_allowed_fallback(no_route)
        .layer(DefaultBodyLimit::max(LONGEST_BODY));
    Router::new().nest("/toolbox/{sandbox}", toolbox)
}

/// The sandbox of a request to the toolbox.
#[derive(Debug, Clone)]
pub(crate) struct Here {
    pub(crate) world: Arc<World>,
    pub(crate) id: String,
    pub(crate) home: PathBuf,
    /// Where the daemon keeps what it needs for itself.
    pub(crate) daemon: PathBuf,
    /// Cancelled when the processes of the sandbox end.
    pub(crate) running: CancellationToken,
}

impl Here {
    /// A path as the daemon understands it: absolute or below the working directory.
    pub(crate) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.home.join(path)
    }
}

/// Keeps a sandbox from being idle for as long as it lives.
#[derive(Debug)]
pub(crate) struct Activity {
    world: Arc<World>,
    id: String,
}

impl Activity {
    /// That of a request; `None` if it asks not to be counted.
    pub(crate) fn of(here: &Here, headers: &HeaderMap) -> Option<Self> {
        let skips = headers
            .get("x-daytona-skip-last-activity-update")
            .is_some_and(|value| value == "true");
        if skips {
            return None;
        }
        here.world.with(|inner| {
            if let Ok(sandbox) = inner.find_by_id(&here.id) {
                sandbox.touch();
                sandbox.open += 1;
            }
        });
        Some(Self {
            world: Arc::clone(&here.world),
            id: here.id.clone(),
        })
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        self.world.with(|inner| {
            if let Ok(sandbox) = inner.find_by_id(&self.id) {
                sandbox.touch();
                sandbox.open = sandbox.open.saturating_sub(1);
            }
        });
    }
}

/// The proxy: finds the sandbox, or answers in place of its daemon.
pub(crate) async fn proxy(
    Shared(world): Shared<Arc<World>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let Some(rest) = path.strip_prefix("/toolbox/") else {
        return next.run(request).await;
    };
    let method = request.method().to_string();
    let id = rest.split('/').next().unwrap_or_default();
    let here = match find(&world, id) {
        Ok(Some(here)) => here,
        Ok(None) => return answer::dead_daemon(),
        Err(refusal) => return refusal.of_proxy(&method, &path),
    };
    let _activity = Activity::of(&here, request.headers());
    let running = here.running.clone();
    request.extensions_mut().insert(here);
    // When the daemon goes, so does what it was about to answer.
    let Some(mut response) = running.run_until_cancelled(next.run(request)).await else {
        return answer::dead_daemon();
    };
    let refusal = response.extensions_mut().remove::<Refusal>();
    match refusal.or_else(|| answer::too_large(&response)) {
        Some(refusal) => refusal.of_daemon(&method, &path),
        None => response,
    }
}

/// The sandbox; `None` if no daemon is alive in it.
fn find(world: &Arc<World>, id: &str) -> Result<Option<Here>, Refusal> {
    world.with(|inner| {
        let sandbox = inner
            .find_by_id(id)
            .map_err(|refusal| refusal.code("NOT_FOUND"))?;
        if sandbox.record.state != State::Started {
            return Ok(None);
        }
        let is_over = |until: Instant| until <= Instant::now();
        if sandbox.unreachable_until.is_none_or(is_over) {
            let strikes = world.strikes(Fault::BadGateway);
            sandbox.unreachable_until = strikes.then(|| Instant::now() + world.options.lag);
        }
        if sandbox.unreachable_until.is_some() {
            return Ok(None);
        }
        Ok(Some(Here {
            world: Arc::clone(world),
            id: id.to_owned(),
            home: sandbox.home(),
            daemon: sandbox.daemon(),
            running: sandbox.running.clone(),
        }))
    })
}

async fn no_route() -> Refusal {
    Refusal::not_found("404 page not found")
}

async fn version() -> Response {
    Json(json!({ "version": DAEMON_VERSION })).into_response()
}

async fn work_dir(Extension(here): Extension<Here>) -> Response {
    Json(json!({ "dir": here.home })).into_response()
}

async fn metrics() -> Answer {
    let text = tokio::fs::read_to_string("/proc/meminfo")
        .await
        .map_err(Refusal::internal)?;
    let of = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        number.unwrap_or_default() * 1024
    };
    let (total, free) = (of("MemTotal:"), of("MemAvailable:"));
    let time = now();
    Ok(Json(json!({
        "cpuCount": 1,
        "cpuUsedPct": 0.0,
        "memTotal": total,
        "memUsed": total.saturating_sub(free),
        "memCache": of("Cached:"),
        "diskTotal": 0,
        "diskUsed": 0,
        "diskFree": 0,
        "timestamp": time,
    }))
    .into_response())
}

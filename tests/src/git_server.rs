//! A git repository behind HTTP, open or for those who know a token.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use spec_core::testing::git;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Serves a copy of a repository, by git's simplest protocol over HTTP, until it is dropped.
#[derive(Debug)]
pub struct GitServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    _serving: JoinSet<()>,
    _folder: TempDir,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    /// What has to be sent to be let in.
    authorization: Option<String>,
    seen: Mutex<Vec<String>>,
}

impl GitServer {
    /// Serves the repository in this folder, to everybody or to those who send `authorization`, the
    /// whole value of the header.
    ///
    /// # Errors
    ///
    /// When no folder can be made or no port can be had.
    pub async fn start(repository: &Path, authorization: Option<String>) -> io::Result<Self> {
        let folder = TempDir::with_prefix("spec-tests-served-")?;
        let bare = folder.path().join("demo.git");
        let target = bare.display().to_string();
        git(repository, &["clone", "--quiet", "--bare", ".", &target]);
        git(&bare, &["update-server-info"]);
        let shared = Arc::new(Shared {
            folder: folder.path().to_owned(),
            authorization,
            seen: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the git server does not serve");
            }
        });
        Ok(Self {
            address,
            shared,
            _serving: serving,
            _folder: folder,
        })
    }

    /// Where the repository is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/demo.git", self.address)
    }

    /// Every authorization that was sent.
    #[must_use]
    pub fn authorizations(&self) -> Vec<String> {
        let seen = self.shared.seen.lock();
        seen.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let sent = request.headers().get(header::AUTHORIZATION);
    let sent = sent.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let seen = shared.seen.lock();
    seen.unwrap_or_else(PoisonError::into_inner)
        .extend(sent.clone());
    if shared.authorization.is_some() && shared.authorization != sent {
        let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"git\"")];
        return (StatusCode::UNAUTHORIZED, ask).into_response();
    }
    let path = shared
        .folder
        .join(request.uri().path().trim_start_matches('/'));
    match std::fs::read(path) {
        Ok(file) => file.into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

//! A git repository behind HTTP, open or for those who know a token.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::world::{World, git};

/// Serves a copy of a world's repository until it is dropped.
#[derive(Debug)]
pub(crate) struct GitServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    _serving: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    /// What has to be sent to be let in.
    authorization: Option<&'static str>,
    seen: Mutex<Vec<String>>,
}

impl GitServer {
    pub(crate) async fn start(world: &World, authorization: Option<&'static str>) -> Self {
        let folder = world.folder().join("served");
        let bare = folder.join("demo.git").display().to_string();
        git(
            &world.repository(),
            &["clone", "--quiet", "--bare", ".", &bare],
        );
        git(Path::new(&bare), &["update-server-info"]);
        let shared = Arc::new(Shared {
            folder,
            authorization,
            seen: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            shared,
            _serving: serving,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/demo.git", self.address)
    }

    /// Every authorization that was sent.
    pub(crate) fn authorizations(&self) -> Vec<String> {
        self.shared.seen.lock().unwrap().clone()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let sent = request.headers().get(header::AUTHORIZATION);
    let sent = sent.map(|value| value.to_str().unwrap().to_owned());
    shared.seen.lock().unwrap().extend(sent.clone());
    if shared
        .authorization
        .is_some_and(|wanted| sent.as_deref() != Some(wanted))
    {
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

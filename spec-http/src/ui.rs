//! The web pages, built ahead and embedded: what they are is in `ui/` beside this crate's sources.

mod conditional;
mod file;
mod headers;
mod page;

use std::sync::Arc;

use axum::Router;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use file::Files;
use page::Page;

/// Where the pages find what they need.
#[derive(Debug, Clone)]
pub struct UiConfig {
    api: String,
    base: Option<String>,
}

impl UiConfig {
    /// The pages call the API at `api`: a path relative to where the pages are mounted, such as
    /// `api/v1`, or an absolute one, such as `/api/v1`. It is on the pages' own origin.
    #[must_use]
    pub fn new(api: impl Into<String>) -> Self {
        Self {
            api: api.into(),
            base: None,
        }
    }

    /// Sets the absolute path at which browsers see the pages, such as `/tools`. It is needed only
    /// behind a proxy that takes a part of the path away; without, what was requested tells it.
    #[must_use]
    pub fn with_base(mut self, base: impl Into<String>) -> Self {
        self.base = Some(base.into());
        self
    }
}

/// The web pages: to launch a spec, to look through them, and to watch one.
///
/// They work under any prefix. Their API is a [`router`](crate::router), usually beside them:
///
/// ```
/// use axum::Router;
/// use spec_http::{UiConfig, ui};
///
/// fn app(specs: Router) -> Router {
///     Router::new()
///         .nest("/api/v1", specs)
///         .merge(ui(UiConfig::new("api/v1")))
/// }
///
/// fn below_tools(specs: Router) -> Router {
///     Router::new().nest("/tools", app(specs))
/// }
/// ```
///
/// The pages themselves are for everybody: they hold nothing secret, and ask the API for everything.
/// They authenticate as browsers do, with what the host has put into a cookie.
///
/// Only the paths of pages and of their files are answered; the host's fallback has all others. axum
/// does not send `/tools/` to what is nested at `/tools`: a host that wants both redirects the one.
pub fn ui(config: UiConfig) -> Router {
    let state = Arc::new(Ui {
        files: Files::embedded(),
        config,
    });
    Router::new()
        .route("/", get(page))
        .route("/specs", get(page))
        .route("/specs/{spec_id}", get(page))
        .route("/diagram.html", get(diagram))
        .route("/icon.svg", get(unhashed))
        .route("/theme.js", get(unhashed))
        .route("/assets/{*path}", get(asset))
        .with_state(state)
}

struct Ui {
    files: Files,
    config: UiConfig,
}

type UiState = State<Arc<Ui>>;

/// Any page: which one it is, is the concern of the script in it.
async fn page(
    State(ui): UiState,
    OriginalUri(original): OriginalUri,
    uri: Uri,
    request: HeaderMap,
) -> Response {
    let Some(template) = ui.files.get("index.html") else {
        return not_found();
    };
    let base = match &ui.config.base {
        Some(base) => page::absolute(base),
        None => page::base(original.path(), uri.path()),
    };
    Page::render(template.bytes(), &base, &ui.config.api).respond(&request)
}

/// What draws a diagram, in a frame without an origin.
async fn diagram(State(ui): UiState, request: HeaderMap) -> Response {
    match ui.files.get("diagram.html") {
        Some(file) => Page::frame(file.bytes()).respond(&request),
        None => not_found(),
    }
}

/// A file whose name stays when its content changes.
async fn unhashed(State(ui): UiState, uri: Uri, request: HeaderMap) -> Response {
    ui.file(&uri, &request, headers::REVALIDATE).await
}

/// A file whose name is another when its content is.
async fn asset(State(ui): UiState, uri: Uri, request: HeaderMap) -> Response {
    ui.file(&uri, &request, headers::IMMUTABLE).await
}

impl Ui {
    /// The file of exactly that path: the names of ours need no decoding.
    async fn file(&self, uri: &Uri, request: &HeaderMap, caching: HeaderValue) -> Response {
        let path = uri.path();
        match self.files.get(path.strip_prefix('/').unwrap_or(path)) {
            Some(file) => file.respond(request, caching).await,
            None => not_found(),
        }
    }
}

fn not_found() -> Response {
    let mut response = (StatusCode::NOT_FOUND, "not found\n").into_response();
    headers::secure(response.headers_mut(), headers::FILE_POLICY);
    response
}

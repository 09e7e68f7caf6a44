//! What a host decides about the router.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use spec_core::{InvalidInput, Policy};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{Authenticator, Authorizer, OwnerOnly};
use crate::middleware::{AllowedOrigins, Base};
use crate::quick_tasks::QuickTasks;

/// Shortest time between two signs of life of a stream.
const SHORTEST_HEARTBEAT: Duration = Duration::from_millis(100);

/// What a host decides about the router.
#[derive(Clone)]
pub struct HttpConfig {
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) authorizer: Arc<dyn Authorizer>,
    pub(crate) allowed_origins: AllowedOrigins,
    pub(crate) base: Option<Base>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) launch_wait: Duration,
    pub(crate) heartbeat: Duration,
    pub(crate) reader_timeout: Duration,
    pub(crate) max_streams: usize,
    pub(crate) max_streams_per_principal: usize,
    pub(crate) max_body_bytes: usize,
    pub(crate) default_policy: Policy,
    pub(crate) quick_tasks: Option<Arc<dyn QuickTasks>>,
}

impl HttpConfig {
    /// Everybody who calls is asked for by `authenticator`; the rest is as the setters say.
    #[must_use]
    pub fn new(authenticator: impl Authenticator) -> Self {
        Self {
            authenticator: Arc::new(authenticator),
            authorizer: Arc::new(OwnerOnly),
            allowed_origins: AllowedOrigins::default(),
            base: None,
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
            launch_wait: Duration::from_secs(10),
            heartbeat: Duration::from_secs(15),
            reader_timeout: Duration::from_secs(30),
            max_streams: 1024,
            max_streams_per_principal: 32,
            max_body_bytes: 256 * 1024,
            default_policy: Policy::default(),
            quick_tasks: None,
        }
    }

    /// Sets who may do what with which spec. Default: [`OwnerOnly`].
    #[must_use]
    pub fn with_authorizer(mut self, authorizer: impl Authorizer) -> Self {
        self.authorizer = Arc::new(authorizer);
        self
    }

    /// Lets browsers send commands, and open a WebSocket, for pages of these origins too, each written
    /// as browsers write it, for example `https://specs.example.org`. For pages of other origins than
    /// the server's own, they are answered 403. Default: none.
    ///
    /// This is about commands and `/ws` only. For such a page to read answers as well, the host adds the
    /// headers of cross-origin resource sharing (CORS) by a layer of its own.
    ///
    /// # Errors
    ///
    /// Names an origin that could never be met, for example for a `/` at its end.
    pub fn with_allowed_origins<T: AsRef<str>>(
        mut self,
        origins: impl IntoIterator<Item = T>,
    ) -> Result<Self, InvalidInput> {
        self.allowed_origins = AllowedOrigins::new(origins)?;
        Ok(self)
    }

    /// Sets the absolute path at which callers see the API, such as `/tools/api/v1`: `Location`, the
    /// document's `servers` and the `instance` of problems begin with it. It is needed only behind a proxy
    /// that takes a part of the path away; without, what was requested tells it.
    ///
    /// # Errors
    ///
    /// Refuses what is no absolute path.
    pub fn with_base(mut self, path: &str) -> Result<Self, InvalidInput> {
        self.base = Some(Base::new(path)?);
        Ok(self)
    }

    /// Ends open streams and waits when `shutdown` is cancelled. Without it, a graceful shutdown of
    /// the server waits for streams that end only with their specs. With it, the server may still wait
    /// for clients that take nothing of what was written to them: only a bound on that wait ends them.
    #[must_use]
    pub fn with_shutdown(mut self, shutdown: CancellationToken) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Counts each open WebSocket in `tasks`. A server does not wait for them when it ends, as
    /// they are no longer connections of HTTP: so wait for `tasks` (closed) afterwards, if peers are to
    /// be told to come back. They end within five seconds of the shutdown.
    #[must_use]
    pub fn with_tasks(mut self, tasks: TaskTracker) -> Self {
        self.tasks = tasks;
        self
    }

    /// Sets how long a launch waits for the sandbox's id before it answers without. Default: 10 s.
    #[must_use]
    pub fn with_launch_wait(mut self, wait: Duration) -> Self {
        self.launch_wait = wait;
        self
    }

    /// Sets how often a silent stream shows that it is alive, and how often the peer of a WebSocket is
    /// asked whether it is. Default: 15 s; at least 100 ms.
    #[must_use]
    pub fn with_heartbeat(mut self, interval: Duration) -> Self {
        self.heartbeat = interval.max(SHORTEST_HEARTBEAT);
        self
    }

    /// Sets how long the reader of a stream may take nothing. The peer of a WebSocket is dropped then,
    /// and also when it leaves a ping unanswered for as long. A reader of server-sent events loses its
    /// place a heartbeat later, and not before somebody else needs it. Both may come back and go on
    /// where they were. Default: 30 s.
    #[must_use]
    pub fn with_reader_timeout(mut self, timeout: Duration) -> Self {
        self.reader_timeout = timeout;
        self
    }

    /// Sets how many streams may be open at once, of both kinds together; beyond, a stream is answered
    /// 503. Default: 1,024.
    #[must_use]
    pub fn with_max_streams(mut self, streams: usize) -> Self {
        self.max_streams = streams;
        self
    }

    /// Sets how many of them may be those of one user; beyond, a stream is answered 429. Default: 32.
    #[must_use]
    pub fn with_max_streams_per_principal(mut self, streams: usize) -> Self {
        self.max_streams_per_principal = streams;
        self
    }

    /// Sets the longest request body; beyond, a request is answered 413. Default: 256 KiB.
    #[must_use]
    pub fn with_max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// Sets the rules of launches that name none. A launch that names some takes this policy for every
    /// field that it leaves out, at every level; to lift a limit that is set here, it says `null`.
    /// These are defaults and no caps. Default: that of [`Policy`].
    ///
    /// The rules are checked with each launch: one that is out of bounds here is answered 422 there.
    #[must_use]
    pub fn with_default_policy(mut self, policy: Policy) -> Self {
        self.default_policy = policy;
        self
    }

    /// Makes tasks without a spec by `quick_tasks`. Without it, `POST /quick-tasks` is answered 404, and
    /// pages do not offer it.
    #[must_use]
    pub fn with_quick_tasks(mut self, quick_tasks: impl QuickTasks) -> Self {
        self.quick_tasks = Some(Arc::new(quick_tasks));
        self
    }
}

impl fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConfig")
            .field("authenticator", &self.authenticator)
            .field("authorizer", &self.authorizer)
            .field("allowed_origins", &self.allowed_origins)
            .field("base", &self.base)
            .field("launch_wait", &self.launch_wait)
            .field("heartbeat", &self.heartbeat)
            .field("reader_timeout", &self.reader_timeout)
            .field("max_streams", &self.max_streams)
            .field("max_streams_per_principal", &self.max_streams_per_principal)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("default_policy", &self.default_policy)
            .field("quick_tasks", &self.quick_tasks)
            .finish_non_exhaustive()
    }
}

//! What a host decides about the router.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use spec_core::Policy;
use tokio_util::sync::CancellationToken;

use crate::auth::Authenticator;
use crate::quick_tasks::QuickTasks;

/// What a host decides about the router.
#[derive(Clone)]
pub struct HttpConfig {
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) launch_wait: Duration,
    pub(crate) heartbeat: Duration,
    pub(crate) max_streams: usize,
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
            shutdown: CancellationToken::new(),
            launch_wait: Duration::from_secs(10),
            heartbeat: Duration::from_secs(15),
            max_streams: 1024,
            max_body_bytes: 256 * 1024,
            default_policy: Policy::default(),
            quick_tasks: None,
        }
    }

    /// Ends open streams and waits when `shutdown` is cancelled. Without it, a graceful shutdown of
    /// the server waits for streams that end only with their specs.
    #[must_use]
    pub fn with_shutdown(mut self, shutdown: CancellationToken) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Sets how long a launch waits for the sandbox's id before it answers without. Default: 10 s.
    #[must_use]
    pub fn with_launch_wait(mut self, wait: Duration) -> Self {
        self.launch_wait = wait;
        self
    }

    /// Sets how often a silent stream shows that it is alive. Default: 15 s.
    #[must_use]
    pub fn with_heartbeat(mut self, interval: Duration) -> Self {
        self.heartbeat = interval;
        self
    }

    /// Sets how many streams may be open at once; beyond, a stream is answered 503. Default: 1,024.
    #[must_use]
    pub fn with_max_streams(mut self, streams: usize) -> Self {
        self.max_streams = streams;
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
            .field("launch_wait", &self.launch_wait)
            .field("heartbeat", &self.heartbeat)
            .field("max_streams", &self.max_streams)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("default_policy", &self.default_policy)
            .field("quick_tasks", &self.quick_tasks)
            .finish_non_exhaustive()
    }
}

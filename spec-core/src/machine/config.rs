//! How a machine behaves as a runner.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::id::Environment;
use crate::invalid_input::InvalidInput;

/// How a machine behaves as a runner. The defaults suit a service; tests shorten the times.
#[derive(Debug, Clone)]
pub struct RunnerConfig {
    pub(super) environment: Environment,
    pub(super) slots: usize,
    pub(super) lease: Duration,
    pub(super) poll: Duration,
    pub(super) linger: Duration,
    pub(super) progress_interval: Duration,
    pub(super) sandbox_grace: Duration,
    pub(super) max_per_project: Option<NonZeroU32>,
    pub(super) reap_interval: Option<Duration>,
    pub(super) orphan_age: Duration,
    pub(super) retention: Option<Duration>,
}

impl RunnerConfig {
    /// The defaults, in the given environment.
    #[must_use]
    pub fn new(environment: Environment) -> Self {
        Self {
            environment,
            slots: 32,
            lease: Duration::from_secs(15),
            poll: Duration::from_secs(1),
            linger: Duration::from_secs(1),
            progress_interval: Duration::from_millis(250),
            sandbox_grace: Duration::from_mins(10),
            max_per_project: None,
            reap_interval: Some(Duration::from_mins(5)),
            orphan_age: Duration::from_mins(10),
            retention: None,
        }
    }

    /// The defaults, in the environment `name`.
    ///
    /// # Errors
    ///
    /// When `name` is no [`Environment`].
    pub fn in_environment(name: &str) -> Result<Self, InvalidInput> {
        Environment::new(name).map(Self::new)
    }

    /// Specs that one runner drives at a time; at least 1. Default: 32.
    #[must_use]
    pub fn with_slots(mut self, slots: usize) -> Self {
        self.slots = slots.max(1);
        self
    }

    /// How long a silent runner keeps its specs; it reports three times as often. Default: 15 s.
    #[must_use]
    pub fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_millis(30));
        self
    }

    /// How often to look for work without having been told of any. Default: 1 s.
    #[must_use]
    pub fn with_poll(mut self, poll: Duration) -> Self {
        self.poll = poll.max(Duration::from_millis(1));
        self
    }

    /// The longest wait for which a spec is held rather than given back. Default: 1 s.
    #[must_use]
    pub fn with_linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// How long progress is gathered before it is stored. Default: 250 ms.
    #[must_use]
    pub fn with_progress_interval(mut self, interval: Duration) -> Self {
        self.progress_interval = interval;
        self
    }

    /// How much longer than its attempt a sandbox may live before its provider ends it: time for
    /// another runner to take over. Default: 10 min.
    #[must_use]
    pub fn with_sandbox_grace(mut self, grace: Duration) -> Self {
        self.sandbox_grace = grace;
        self
    }

    /// How many specs of one project all runners together drive at a time; projects take turns then.
    /// With a cap, a launch waits for its turn like everything else, also beside a free runner.
    /// Default: no cap.
    #[must_use]
    pub fn with_max_per_project(mut self, max: Option<NonZeroU32>) -> Self {
        self.max_per_project = max;
        self
    }

    /// How often one runner of the environment looks for sandboxes that nobody needs, and ends them;
    /// at least 1 s, first within half a minute. `None`: only when
    /// [asked to](super::SpecStateMachine::reap). Default: 5 min.
    #[must_use]
    pub fn with_reap_interval(mut self, interval: Option<Duration>) -> Self {
        self.reap_interval = interval.map(|interval| interval.max(Duration::from_secs(1)));
        self
    }

    /// How old a sandbox has to be before it may be taken for one that nobody needs, by the clock of
    /// its provider. Time to notice that two deployments share an [environment](Environment) by
    /// mistake. Default: 10 min.
    #[must_use]
    pub fn with_orphan_age(mut self, age: Duration) -> Self {
        self.orphan_age = age;
        self
    }

    /// How long archived specs are kept before they are deleted whole, with their events, artifacts
    /// and idempotency keys; looked for every hour. Runners on one store should agree on it: the
    /// shortest counts. Default: `None`, for ever.
    #[must_use]
    pub fn with_retention(mut self, retention: Option<Duration>) -> Self {
        self.retention = retention;
        self
    }
}

//! What all handlers share.

use std::sync::Arc;
use std::time::Duration;

use spec_core::{DynSpecStateMachine, Policy};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::auth::{Authenticator, Authorizer};
use crate::config::HttpConfig;
use crate::quick_tasks::QuickTasks;

/// What all handlers share.
#[derive(Debug, Clone)]
pub(crate) struct AppState(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    machine: DynSpecStateMachine,
    config: HttpConfig,
    streams: Arc<Semaphore>,
}

impl AppState {
    pub(crate) fn new(machine: DynSpecStateMachine, config: HttpConfig) -> Self {
        let streams = Arc::new(Semaphore::new(
            config.max_streams.min(Semaphore::MAX_PERMITS),
        ));
        Self(Arc::new(Shared {
            machine,
            config,
            streams,
        }))
    }

    pub(crate) fn machine(&self) -> &DynSpecStateMachine {
        &self.0.machine
    }

    pub(crate) fn authenticator(&self) -> &dyn Authenticator {
        &*self.0.config.authenticator
    }

    pub(crate) fn authorizer(&self) -> &dyn Authorizer {
        &*self.0.config.authorizer
    }

    pub(crate) fn launch_wait(&self) -> Duration {
        self.0.config.launch_wait
    }

    pub(crate) fn default_policy(&self) -> &Policy {
        &self.0.config.default_policy
    }

    pub(crate) fn quick_tasks(&self) -> Option<&dyn QuickTasks> {
        self.0.config.quick_tasks.as_deref()
    }

    pub(crate) fn heartbeat(&self) -> Duration {
        self.0.config.heartbeat
    }

    pub(crate) fn shutdown(&self) -> &CancellationToken {
        &self.0.config.shutdown
    }

    /// A place among the open streams, as long as the permit lives; `None` when all are taken.
    pub(crate) fn stream_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.streams).try_acquire_owned().ok()
    }
}

//! What all handlers share.

use std::sync::Arc;
use std::time::Duration;

use spec_core::{DynSpecStateMachine, Policy};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::{Authenticator, Authorizer};
use crate::config::HttpConfig;
use crate::quick_tasks::QuickTasks;
use crate::stream::places::Places;

/// What all handlers share.
#[derive(Debug, Clone)]
pub(crate) struct AppState(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    machine: DynSpecStateMachine,
    config: HttpConfig,
    places: Arc<Places>,
}

impl AppState {
    pub(crate) fn new(machine: DynSpecStateMachine, config: HttpConfig) -> Self {
        let places = Arc::new(Places::new(
            config.max_streams,
            config.max_streams_per_principal,
            // Whoever waits for events asks again with every heartbeat.
            config.reader_timeout.saturating_add(config.heartbeat),
        ));
        Self(Arc::new(Shared {
            machine,
            config,
            places,
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

    pub(crate) fn reader_timeout(&self) -> Duration {
        self.0.config.reader_timeout
    }

    /// The tasks of connections that are no longer those of HTTP.
    pub(crate) fn tasks(&self) -> &TaskTracker {
        &self.0.config.tasks
    }

    /// The places of open streams.
    pub(crate) fn places(&self) -> &Arc<Places> {
        &self.0.places
    }
}

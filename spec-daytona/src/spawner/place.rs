//! Where a sandbox is, and what is done when it does not answer.

use std::time::Duration;

use spec_core::id::{SandboxId, SandboxKey};
use spec_core::sandbox::{Labels, SandboxRef, SpawnError, SpawnErrorKind, SpawnRequest};
use tokio::time::Instant;

use super::shared::Shared;
use crate::client::{ApiError, Carrier, SandboxRecord, State, Toolbox};
use crate::script::Folders;

/// Labels that say what was made ready: without them a sandbox is half made.
pub(super) const ROOT_LABEL: &str = "spec.root";
pub(super) const COMMIT_LABEL: &str = "spec.commit";

/// Time for a short command in a sandbox.
pub(super) const SHORT: Duration = Duration::from_secs(30);

/// A sandbox that can be worked in.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(super) id: SandboxId,
    pub(super) toolbox: Toolbox,
    pub(super) folders: Folders,
    pub(super) carrier: Carrier,
}

/// What Daytona says of a sandbox when it is asked by its id, which is the one answer to trust.
#[derive(Debug)]
pub(super) enum Standing {
    Running,
    /// It may be running soon.
    Pending,
    /// It is gone, or will not run any more; why.
    Over(String),
}

impl Standing {
    pub(super) fn of(record: Option<&SandboxRecord>) -> Self {
        let Some(record) = record else {
            return Self::Over("it does not exist any more".to_owned());
        };
        match record.standing() {
            State::Running => Self::Running,
            State::Pending | State::Unknown(_) => Self::Pending,
            State::Suspended | State::Ending => Self::Over(
                "it was stopped: by Daytona, after its time without requests or its whole time, or \
                 by somebody"
                    .to_owned(),
            ),
            State::Failed => Self::Over(format!("it is broken: {}", record.reason())),
            State::Gone => Self::Over("it was deleted".to_owned()),
        }
    }
}

/// Whether a sandbox carries these labels. The epoch of who asked first is no matter.
pub(super) fn carries(record: &SandboxRecord, labels: &Labels) -> bool {
    labels
        .iter()
        .filter(|(name, _)| name.as_str() != "spec.epoch")
        .all(|(name, value)| record.labels.get(name) == Some(value))
}

pub(super) fn id_of(record: &SandboxRecord) -> Result<SandboxId, SpawnError> {
    SandboxId::new(record.id.clone()).map_err(|invalid| {
        SpawnError::new(
            SpawnErrorKind::Protocol,
            "Daytona gave a sandbox no usable id",
        )
        .with_source(invalid)
    })
}

pub(super) fn cannot_look_up(key: SandboxKey) -> impl Fn(ApiError) -> SpawnError {
    move |error| error.into_spawn_error(format!("cannot look up the sandbox {key}"))
}

pub(super) fn gone(key: SandboxKey, why: &str) -> SpawnError {
    let message = format!("the sandbox {key} cannot be used: {why}");
    SpawnError::new(SpawnErrorKind::NotFound, message)
}

impl Shared {
    /// The sandbox as Daytona knows it, by its id or else by its name; `None` when there is none.
    pub(super) async fn record(
        &self,
        sandbox: &SandboxRef,
    ) -> Result<Option<SandboxRecord>, ApiError> {
        let found = match &sandbox.id {
            Some(id) => self.look_up(id.as_str()).await?,
            None => self.look_up(&sandbox.key.to_string()).await?,
        };
        let labels = SpawnRequest::managed_under(sandbox.key);
        Ok(found.filter(|record| carries(record, &labels)))
    }

    /// The sandbox of that id or name, whosever it is; asked again while Daytona is out of order.
    pub(super) async fn look_up(
        &self,
        id_or_name: &str,
    ) -> Result<Option<SandboxRecord>, ApiError> {
        let limit = self.client.config().outage_limit;
        self.client
            .persist(limit, || self.client.sandbox(id_or_name))
            .await
    }

    /// Where a sandbox is in which a repository is checked out.
    pub(super) async fn place(&self, sandbox: &SandboxRef) -> Result<Place, SpawnError> {
        if let Some(place) = sandbox.id.as_ref().and_then(|id| self.known_place(id)) {
            return Ok(place);
        }
        let key = sandbox.key;
        let record = self.record(sandbox).await.map_err(cannot_look_up(key))?;
        match (Standing::of(record.as_ref()), record) {
            (Standing::Running, Some(record)) => self.ready_place(key, &record).await,
            (Standing::Over(why), _) => Err(gone(key, &why)),
            (Standing::Running | Standing::Pending, _) => Err(SpawnError::new(
                SpawnErrorKind::Unavailable,
                format!("the sandbox {key} is not started yet"),
            )),
        }
    }

    async fn ready_place(
        &self,
        key: SandboxKey,
        record: &SandboxRecord,
    ) -> Result<Place, SpawnError> {
        let Some(root) = record.labels.get(ROOT_LABEL) else {
            return Err(gone(key, "no repository was checked out in it"));
        };
        let toolbox = self.toolbox(record)?;
        let folders = Folders::of_root(root.clone());
        let place = self.place_of(record, toolbox, folders).await?;
        self.remember_place(&place);
        Ok(place)
    }

    pub(super) async fn place_of(
        &self,
        record: &SandboxRecord,
        toolbox: Toolbox,
        folders: Folders,
    ) -> Result<Place, SpawnError> {
        Ok(Place {
            id: id_of(record)?,
            carrier: self.carrier(record, &toolbox).await,
            toolbox,
            folders,
        })
    }

    pub(super) fn toolbox(&self, record: &SandboxRecord) -> Result<Toolbox, SpawnError> {
        self.client
            .toolbox(record)
            .map_err(|error| error.into_spawn_error("cannot reach into the sandbox"))
    }

    /// Where a sandbox stands, asked by its id.
    pub(super) async fn standing(&self, id: &SandboxId) -> Result<Standing, ApiError> {
        let record = self.client.sandbox(id.as_str()).await?;
        Ok(Standing::of(record.as_ref()))
    }

    /// Does something in a sandbox that may be done again, for as long as the sandbox is there and
    /// there is hope. A toolbox that does not answer may be busy, restarting, or gone with its sandbox:
    /// Daytona is asked which.
    pub(super) async fn insist<T, F, Fut>(
        &self,
        key: SandboxKey,
        id: &SandboxId,
        what: &str,
        operation: F,
    ) -> Result<T, SpawnError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, ApiError>>,
    {
        let limit = self.client.config().outage_limit;
        let mut waits = self.waits(limit);
        loop {
            let error = match operation().await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            tracing::debug!(sandbox.key = %key, what, error = &error as &dyn std::error::Error, "not done yet");
            let is_silent = match self.standing(id).await {
                Ok(Standing::Over(why)) => {
                    self.forget_place(id);
                    return Err(gone(key, &why));
                }
                Ok(Standing::Running | Standing::Pending) => false,
                Err(error) => error.is_passing(),
            };
            // A sandbox that is there has a toolbox, whatever its proxy says at the moment. The proxy
            // knows nobody while Daytona, which it asks, is out of order.
            let may_pass =
                error.is_passing() || error.is_not_found() || (is_silent && error.is_refused());
            let wait = waits.next().filter(|_| may_pass);
            let Some(wait) = wait else {
                let what = format!("cannot {what} in the sandbox {key}");
                if error.is_not_found() {
                    // Not what is missing when the sandbox is there.
                    return Err(
                        SpawnError::new(SpawnErrorKind::Unavailable, what).with_source(error)
                    );
                }
                return Err(error.into_spawn_error(what));
            };
            tokio::time::sleep(wait.max(error.retry_after().unwrap_or_default())).await;
        }
    }

    /// Waits that grow, until `limit` has passed, with whatever was done between them.
    pub(super) fn waits(&self, limit: Duration) -> impl Iterator<Item = Duration> + Send + use<> {
        use backon::BackoffBuilder as _;
        let begun = Instant::now();
        self.client
            .backoff()
            .build()
            .take_while(move |_| begun.elapsed() < limit)
    }

    /// Runs one verb of the script; what it printed.
    pub(super) async fn verb(
        &self,
        place: &Place,
        verb: &'static str,
        arguments: &[&str],
        limit: Duration,
    ) -> Result<String, ApiError> {
        let command = place.folders.verb(verb, arguments);
        self.command(&place.toolbox, verb, &command, limit).await
    }

    /// Runs a command; what it printed.
    pub(super) async fn command(
        &self,
        toolbox: &Toolbox,
        name: &'static str,
        command: &str,
        limit: Duration,
    ) -> Result<String, ApiError> {
        let done = toolbox.execute(&self.client, command, limit).await?;
        if done.exit_code == 0 {
            Ok(done.result)
        } else {
            Err(ApiError::command(name, done.exit_code, &done.result))
        }
    }
}

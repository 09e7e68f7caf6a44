//! The end of a sandbox.

use std::time::Duration;

use spec_core::id::SandboxId;
use spec_core::sandbox::{SandboxRef, SpawnError, SpawnErrorKind, SpawnRequest, Termination};
use tokio::time::Instant;

use super::place::{cannot_look_up, carries, id_of};
use super::shared::Shared;
use crate::client::{ApiError, State};

/// How long one call takes at most. A sandbox that is on its way to another state refuses to be ended.
const ASK_FOR: Duration = Duration::from_secs(90);
/// How long one call waits for the end that Daytona has promised.
const WAIT_FOR: Duration = Duration::from_secs(20);

impl Shared {
    pub(super) async fn terminate(&self, sandbox: &SandboxRef) -> Result<Termination, SpawnError> {
        let key = sandbox.key;
        // A request for this sandbox may be under way: what it makes is to be ended as well.
        let _making = self.making(key).await;
        let cannot =
            |error: ApiError| error.into_spawn_error(format!("cannot end the sandbox {key}"));
        for id in self.ids(sandbox).await? {
            match tokio::time::timeout(ASK_FOR, self.end(&id)).await {
                Ok(Ok(Termination::Confirmed)) => {}
                Ok(Ok(Termination::Accepted)) => return Ok(Termination::Accepted),
                Ok(Err(error)) => return Err(cannot(error)),
                Err(_elapsed) => {
                    let message = format!(
                        "Daytona did not say within {} seconds that it ends the sandbox {key}",
                        ASK_FOR.as_secs()
                    );
                    return Err(SpawnError::new(SpawnErrorKind::Timeout, message));
                }
            }
        }
        Ok(Termination::Confirmed)
    }

    /// All sandboxes of a key: the one that is meant, and any that the key was used for before and
    /// that is still on its way out.
    async fn ids(&self, sandbox: &SandboxRef) -> Result<Vec<SandboxId>, SpawnError> {
        let key = sandbox.key;
        if let Some(id) = &sandbox.id {
            return Ok(vec![id.clone()]);
        }
        if let Some(record) = self.record(sandbox).await.map_err(cannot_look_up(key))? {
            return Ok(vec![id_of(&record)?]);
        }
        // A deleted sandbox loses its name at once and lives on for a while: its labels tell.
        let labels = SpawnRequest::managed_under(key);
        let limit = self.client.config().outage_limit;
        let listed = self
            .client
            .persist(limit, || self.client.sandboxes(&labels, 100))
            .await
            .map_err(cannot_look_up(key))?;
        listed
            .iter()
            .filter(|record| carries(record, &labels) && record.standing() != State::Gone)
            .map(id_of)
            .collect()
    }

    /// Asks for the end of a sandbox and waits for it, a while. Confirmed when there is none.
    pub(super) async fn end(&self, id: &SandboxId) -> Result<Termination, ApiError> {
        self.forget_place(id);
        let mut asked_at: Option<Instant> = None;
        // Not bounded by themselves: whoever calls bounds the whole.
        let mut waits = self.waits(Duration::MAX);
        loop {
            if asked_at.is_none() {
                match self.client.delete(id.as_str()).await {
                    Ok(true) => asked_at = Some(Instant::now()),
                    Ok(false) => return Ok(Termination::Confirmed),
                    // On its way to another state, from which it can be ended.
                    Err(error) if error.is_conflict() || error.is_passing() => {
                        // A long wait is the caller's, who can do something else meanwhile.
                        match error.retry_after() {
                            Some(wait) if wait > WAIT_FOR => return Err(error),
                            Some(wait) => tokio::time::sleep(wait).await,
                            None => {}
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
            match self.client.sandbox(id.as_str()).await {
                Ok(None) => return Ok(Termination::Confirmed),
                Ok(Some(record)) => match record.standing() {
                    State::Gone => return Ok(Termination::Confirmed),
                    // Daytona forgot, or refused later: ask again.
                    State::Failed | State::Suspended | State::Running => asked_at = None,
                    State::Pending | State::Ending | State::Unknown(_) => {}
                },
                Err(error) if error.is_passing() => {}
                Err(error) => return Err(error),
            }
            if asked_at.is_some_and(|at| at.elapsed() > WAIT_FOR) {
                return Ok(Termination::Accepted);
            }
            tokio::time::sleep(waits.next().unwrap_or(Duration::from_secs(1))).await;
        }
    }
}

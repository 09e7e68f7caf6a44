//! The end of a sandbox.

use std::time::Duration;

use spec_core::id::SandboxId;
use spec_core::sandbox::{Labels, SandboxRef, SpawnError, Termination};
use tokio::time::Instant;

use super::place::{id_of, is_of};
use super::shared::Shared;
use crate::client::{ApiError, State};

/// How long one call asks for the end of a sandbox that is on its way to another state.
const ASK_FOR: Duration = Duration::from_secs(75);
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
            let ended = tokio::time::timeout(WAIT_FOR + ASK_FOR, self.end(&id));
            match ended.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(cannot(error)),
                Err(_elapsed) => return Ok(Termination::Accepted),
            }
        }
        Ok(Termination::Confirmed)
    }

    /// All sandboxes of a key: the one that is meant, and any that the key was used for before and
    /// that is still on its way out.
    async fn ids(&self, sandbox: &SandboxRef) -> Result<Vec<SandboxId>, SpawnError> {
        let key = sandbox.key;
        let cannot =
            |error: ApiError| error.into_spawn_error(format!("cannot look up the sandbox {key}"));
        if let Some(id) = &sandbox.id {
            return Ok(vec![id.clone()]);
        }
        if let Some(record) = self.record(sandbox).await.map_err(cannot)? {
            return Ok(vec![id_of(&record)?]);
        }
        // A deleted sandbox loses its name at once and lives on for a while: its labels tell.
        let attempt = key.attempt();
        let labels = Labels::from([
            ("spec.managed".to_owned(), "true".to_owned()),
            ("spec.id".to_owned(), attempt.spec_id.to_string()),
            ("spec.phase".to_owned(), attempt.phase.to_string()),
            ("spec.attempt".to_owned(), attempt.attempt.to_string()),
        ]);
        let limit = self.client.config().outage_limit;
        let listed = self
            .client
            .persist(limit, || self.client.sandboxes(&labels, 100))
            .await
            .map_err(cannot)?;
        listed
            .iter()
            .filter(|record| is_of(record, key) && record.standing() != State::Gone)
            .map(id_of)
            .collect()
    }

    /// Asks for the end of a sandbox and waits until it is gone. Done when there is none.
    pub(super) async fn end(&self, id: &SandboxId) -> Result<(), ApiError> {
        self.forget_place(id);
        let begun = Instant::now();
        let mut asked = false;
        // Not bounded by themselves: whoever calls bounds the whole.
        let mut waits = self.waits(Duration::MAX);
        loop {
            if !asked {
                match self.client.delete(id.as_str()).await {
                    Ok(true) => asked = true,
                    Ok(false) => return Ok(()),
                    // On its way to another state, from which it can be ended.
                    Err(error) if error.is_conflict() || error.is_passing() => {
                        if begun.elapsed() > ASK_FOR {
                            return Err(error);
                        }
                        if let Some(wait) = error.retry_after() {
                            tokio::time::sleep(wait).await;
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
            match self.client.sandbox(id.as_str()).await {
                Ok(None) => return Ok(()),
                Ok(Some(record)) => match record.standing() {
                    State::Gone => return Ok(()),
                    // Daytona forgot, or refused later: ask again.
                    State::Failed | State::Suspended | State::Running => asked = false,
                    State::Pending | State::Ending | State::Unknown(_) => {}
                },
                Err(error) if error.is_passing() => {}
                Err(error) => return Err(error),
            }
            tokio::time::sleep(waits.next().unwrap_or(Duration::from_secs(1))).await;
        }
    }
}

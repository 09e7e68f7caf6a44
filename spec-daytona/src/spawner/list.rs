//! Finding sandboxes again.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use spec_core::clock::{Clock as _, SystemClock};
use spec_core::id::SandboxKey;
use spec_core::sandbox::{FoundSandbox, Labels, SandboxRef, SpawnError};

use super::place::{cannot_look_up, carries, id_of};
use super::shared::Shared;
use crate::client::{SandboxRecord, State};

/// As many as the port lists at most.
const LONGEST_LIST: usize = 1000;
/// Sandboxes that are looked at at a time.
const AT_A_TIME: usize = 8;
/// Longest wait for one of them.
const LOOK_FOR: Duration = Duration::from_secs(10);

impl Shared {
    pub(super) async fn find(&self, key: SandboxKey) -> Result<Option<FoundSandbox>, SpawnError> {
        let sandbox = SandboxRef { key, id: None };
        let record = self.record(&sandbox).await.map_err(cannot_look_up(key))?;
        match record {
            Some(record) if record.standing() != State::Gone => found(key, &record).map(Some),
            Some(_) | None => Ok(None),
        }
    }

    /// The API's list shows sandboxes that are gone and hides some that are there, for a while. Those
    /// that are gone are sorted out by asking for each. One of which nothing can be learnt stays: the
    /// others must not wait for it to be reaped.
    pub(super) async fn list(&self, labels: &Labels) -> Result<Vec<FoundSandbox>, SpawnError> {
        let limit = self.client.config().outage_limit;
        let listed = self
            .client
            .persist(limit, || self.client.sandboxes(labels, LONGEST_LIST))
            .await
            .map_err(|error| error.into_spawn_error("cannot list sandboxes"))?;
        let looks = stream::iter(listed)
            .map(|record| self.verified(record, labels))
            .buffered(AT_A_TIME);
        let found: Vec<Option<FoundSandbox>> = looks.try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn verified(
        &self,
        listed: SandboxRecord,
        labels: &Labels,
    ) -> Result<Option<FoundSandbox>, SpawnError> {
        // One that is being deleted has another name.
        let Ok(key) = listed.name.parse() else {
            return Ok(None);
        };
        let asked = tokio::time::timeout(LOOK_FOR, self.client.sandbox(&listed.id)).await;
        let record = match asked {
            Ok(Ok(record)) => record,
            Ok(Err(error)) => {
                tracing::debug!(sandbox.key = %key, %error, "a listed sandbox cannot be looked up");
                Some(listed.clone())
            }
            Err(_elapsed) => Some(listed.clone()),
        };
        match record {
            Some(record)
                if record.name == listed.name
                    && record.standing() != State::Gone
                    && carries(&record, labels) =>
            {
                found(key, &record).map(Some)
            }
            Some(_) | None => Ok(None),
        }
    }
}

fn found(key: SandboxKey, record: &SandboxRecord) -> Result<FoundSandbox, SpawnError> {
    Ok(FoundSandbox {
        key,
        id: id_of(record)?,
        state: record.sandbox_state(),
        // Without it, younger than it is, so that nobody ends it too early.
        created_at: record.created_at.unwrap_or_else(|| SystemClock.now()),
    })
}

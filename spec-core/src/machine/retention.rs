//! What is put away, and deleted when it has been away for long enough.

use std::time::Duration;

use super::duty::Term;
use super::{Command, SpecStateMachine};
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::{SpecId, UserId};
use crate::sandbox::SandboxSpawner;
use crate::spec::Spec;
use crate::store::{PageLimit, SpecStore};

/// Between two portions, so that whoever else wants the store gets his turn.
const PAUSE: Duration = Duration::from_secs(1);

impl<S: SpecStore, P: SandboxSpawner> SpecStateMachine<S, P> {
    /// Puts a finished spec or a draft away: lists leave it out unless asked for it, and
    /// [retention](super::RunnerConfig::with_retention) counts from now. Asking again changes nothing.
    ///
    /// # Errors
    ///
    /// [`Refused`](Error::Refused) while it executes; [`NotFound`](Error::NotFound);
    /// [`Store`](Error::Store).
    pub async fn archive(&self, id: SpecId, by: UserId) -> Result<Spec, Error> {
        self.command(id, Command::Archive { by }).await
    }

    /// Deletes all specs that were archived before `archived_before`, for good and whole: state,
    /// events, artifacts and idempotency keys. Says how many. What was handed to targets of SYNC
    /// stays there.
    ///
    /// Deletes in portions. Safe to repeat, here and elsewhere at once; dropping the future leaves the
    /// rest.
    ///
    /// # Errors
    ///
    /// [`Store`](Error::Store); what was deleted before is deleted.
    pub async fn purge(&self, archived_before: Timestamp) -> Result<u64, Error> {
        let mut deleted = 0;
        self.purge_all(archived_before, Duration::ZERO, &mut deleted)
            .await?;
        Ok(deleted)
    }

    /// Deletes what has been archived for longer than `kept`, while the term lasts.
    pub(super) async fn purge_under(
        &self,
        term: &mut Term<'_>,
        kept: Duration,
    ) -> Result<(), Error> {
        let mut deleted = 0;
        let archived_before = self.host.clock.now() - kept;
        let outcome = term
            .hold(self.purge_all(archived_before, PAUSE, &mut deleted))
            .await;
        if deleted > 0 {
            tracing::info!(deleted, %archived_before, "archived specs deleted");
        }
        outcome.unwrap_or(Ok(()))
    }

    async fn purge_all(
        &self,
        archived_before: Timestamp,
        pause: Duration,
        deleted: &mut u64,
    ) -> Result<(), Error> {
        loop {
            let portion = self
                .store
                .purge(archived_before, PageLimit::default())
                .await
                .map_err(Error::store("delete archived specs"))?;
            if portion == 0 {
                return Ok(());
            }
            *deleted += u64::from(portion);
            if !pause.is_zero() {
                self.host.clock.sleep(pause).await;
            }
        }
    }
}

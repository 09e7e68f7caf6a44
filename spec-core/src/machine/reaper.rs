//! Ends the sandboxes that nobody needs any more: what a crash, a purge or a stubborn provider left.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::SpecStateMachine;
use super::duty::Term;
use crate::error::Error;
use crate::id::{AttemptKey, RunnerId, SandboxKey};
use crate::sandbox::{
    FoundSandbox, SandboxRef, SandboxSpawner, SpawnError, SpawnErrorKind, SpawnRequest,
};
use crate::spec::Spec;
use crate::store::{SpecStore, StoreError, StoreErrorKind};

/// Sandboxes that are looked at or ended at a time.
const AT_A_TIME: usize = 8;
/// As many as a spawner lists at most.
const LONGEST_LIST: usize = 1000;
/// Longest wait for one answer of the spawner or the store.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);
/// Longest wait for one sandbox to be ended.
const TERMINATE_WITHIN: Duration = Duration::from_mins(2);

/// What a look through the sandboxes of an environment came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reaped {
    /// Sandboxes that were listed and looked at.
    pub looked_at: u32,
    /// Those that nobody needed and whose provider has ended them, or will.
    pub ended: u32,
    /// Those that could not be looked at or ended; the next look is another chance.
    pub failed: u32,
}

/// What became of one sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Left,
    Ended,
    Failed,
}

impl<S: SpecStore, P: SandboxSpawner> SpecStateMachine<S, P> {
    /// Ends the sandboxes of this machine's environment that no attempt needs: those of specs or
    /// attempts that the store does not know, of specs that have ended, and those whose end could not
    /// be confirmed. [`run`](Self::run) does it [now and
    /// then](super::RunnerConfig::with_reap_interval); this is for hosts that schedule it themselves.
    ///
    /// Leaves alone what an attempt still needs, what its driver is about to end, and what is younger
    /// than [`with_orphan_age`](super::RunnerConfig::with_orphan_age) says. Looks at nothing while
    /// another replica has the duty, which a running one keeps from one time to the next.
    ///
    /// Safe to repeat. Dropping the future leaves some sandboxes for the next time, and the duty taken
    /// for twice the interval.
    ///
    /// # Errors
    ///
    /// [`Sandbox`](Error::Sandbox) when the sandboxes cannot be listed; [`Store`](Error::Store). What
    /// was ended before is ended. A sandbox that cannot be ended is counted and no error.
    pub async fn reap(&self) -> Result<Reaped, Error> {
        let runner = RunnerId::from_uuid(self.host.ids.uuid());
        let mut term = self.reaping_term(runner)?;
        let leads = term.take().await.map_err(Error::store("take a duty"))?;
        if !leads {
            return Ok(Reaped::default());
        }
        let reaped = self.reap_under(&mut term).await;
        term.give_back().await;
        reaped
    }

    pub(super) fn reaping_term(&self, runner: RunnerId) -> Result<Term<'_>, Error> {
        let config = &self.host.config;
        let duty = format!("reap sandboxes of {}", config.environment);
        let every = config.reap_interval.unwrap_or(Duration::from_mins(5));
        self.term(&duty, runner, every)
    }

    /// Likewise, for as long as the term lasts.
    pub(super) async fn reap_under(&self, term: &mut Term<'_>) -> Result<Reaped, Error> {
        let mut reaped = Reaped::default();
        let outcome = term.hold(self.look_through(&mut reaped)).await;
        let Reaped {
            looked_at,
            ended,
            failed,
        } = reaped;
        if ended + failed > 0 {
            tracing::info!(looked_at, ended, failed, "sandboxes reaped");
        } else {
            tracing::debug!(looked_at, ended, failed, "sandboxes reaped");
        }
        outcome.unwrap_or(Ok(())).map(|()| reaped)
    }

    async fn look_through(&self, reaped: &mut Reaped) -> Result<(), Error> {
        let labels = SpawnRequest::managed_in(&self.host.config.environment);
        let listed = self
            .asked(ANSWER_WITHIN, self.spawner.list(&labels))
            .await
            .map_err(failed_to("list the sandboxes"))?;
        if listed.len() >= LONGEST_LIST {
            tracing::warn!(
                listed = listed.len(),
                "there are more sandboxes than a spawner lists; some were not looked at"
            );
        }
        let looks = stream::iter(listed).map(|sandbox| self.look_at(sandbox));
        let mut looks = looks.buffer_unordered(AT_A_TIME);
        while let Some(fate) = looks.try_next().await? {
            reaped.looked_at += 1;
            match fate {
                Fate::Left => {}
                Fate::Ended => reaped.ended += 1,
                Fate::Failed => reaped.failed += 1,
            }
        }
        Ok(())
    }

    /// Ends a sandbox that was listed, if nobody needs it. The list may be older than the store, so
    /// that the sandbox is looked up first; and the store is asked again right before the end, in case
    /// it was the store that was behind.
    async fn look_at(&self, listed: FoundSandbox) -> Result<Fate, Error> {
        let key = listed.key;
        match self.is_orphan(&listed).await? {
            Some(true) => {}
            Some(false) => return Ok(Fate::Left),
            None => return Ok(Fate::Failed),
        }
        let found = match self.asked(ANSWER_WITHIN, self.spawner.find(key)).await {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(Fate::Left),
            Err(error) => return Ok(complain(key, &error)),
        };
        match self.is_orphan(&found).await? {
            Some(true) => {}
            Some(false) => return Ok(Fate::Left),
            None => return Ok(Fate::Failed),
        }
        let sandbox = SandboxRef {
            key,
            id: Some(found.id),
        };
        let terminated = self.spawner.terminate(&sandbox);
        match self.asked(TERMINATE_WITHIN, terminated).await {
            Ok(termination) => {
                tracing::info!(sandbox.key = %key, ?termination, "a sandbox that nobody needs was ended");
                Ok(Fate::Ended)
            }
            Err(error) => Ok(complain(key, &error)),
        }
    }

    /// Whether nobody needs the sandbox; `None` when the spec cannot be read.
    async fn is_orphan(&self, sandbox: &FoundSandbox) -> Result<Option<bool>, Error> {
        let age = self.host.clock.now().since(sandbox.created_at);
        if age < self.host.config.orphan_age {
            return Ok(Some(false));
        }
        let key = sandbox.key.attempt();
        let stored = tokio::select! {
            stored = self.store.get(key.spec_id) => stored,
            () = self.host.clock.sleep(ANSWER_WITHIN) => {
                Err(StoreError::new(StoreErrorKind::Unavailable, "no answer in time"))
            }
        };
        match stored {
            Ok(stored) => {
                let spec = stored.map(|stored| stored.spec);
                Ok(Some(!spec.is_some_and(|spec| needs(&spec, key))))
            }
            // What cannot be read may be alive; a person has to look at it.
            Err(error) if error.kind() == StoreErrorKind::Corrupt => {
                tracing::error!(
                    spec.id = %key.spec_id,
                    error = &error as &dyn std::error::Error,
                    "cannot tell whether a sandbox is needed"
                );
                Ok(None)
            }
            Err(error) => Err(Error::store("read a spec")(error)),
        }
    }

    async fn asked<T>(
        &self,
        within: Duration,
        answer: impl Future<Output = Result<T, SpawnError>>,
    ) -> Result<T, SpawnError> {
        tokio::select! {
            answer = answer => answer,
            () = self.host.clock.sleep(within) => {
                let seconds = within.as_secs();
                let message = format!("no answer within {seconds} s");
                Err(SpawnError::new(SpawnErrorKind::Timeout, message))
            }
        }
    }
}

/// Whether an attempt needs its sandbox, or its driver is about to end it.
fn needs(spec: &Spec, key: AttemptKey) -> bool {
    !spec.status.is_terminal()
        && spec
            .attempts()
            .any(|(known, attempt)| known == key && !attempt.sandbox.is_settled())
}

fn complain(key: SandboxKey, error: &SpawnError) -> Fate {
    tracing::warn!(
        sandbox.key = %key,
        error = error as &dyn std::error::Error,
        "cannot end a sandbox that nobody needs"
    );
    Fate::Failed
}

fn failed_to(operation: &'static str) -> impl Fn(SpawnError) -> Error {
    move |source| Error::Sandbox { operation, source }
}

//! One runner: claims what is due, drives it, and says that it is alive.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::SpecStateMachine;
use super::driver::Ended;
use super::local::{ClaimLog, Handed};
use super::watch::hints;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::{Epoch, RunnerId, SpecId};
use crate::sandbox::SandboxSpawner;
use crate::spec::{MACHINE_VERSION, Spec};
use crate::store::{Claim, Lease, SpecStore, StoreErrorKind, Wakeup};

/// Hints that are answered by one claim.
const MAX_HINTS: usize = 4096;
/// Longest wait after the store failed.
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// What a claim yielded.
struct ClaimedSpecs {
    specs: Vec<Handed>,
    /// There may be more.
    is_full: bool,
}

/// Why a runner ended.
enum RunnerEnd {
    /// It was told to.
    Stopped,
    /// Its lease is gone, or may be: everything it held is let go, and another incarnation follows.
    LeaseLost,
}

impl<S: SpecStore, P: SandboxSpawner> SpecStateMachine<S, P> {
    /// Drives specs until `token` is cancelled: claims what is due, from this process or any other,
    /// and goes on with what runners that died left behind. May run on any number of replicas.
    ///
    /// Returns after cancellation, once the effects under way are let go and all specs are given
    /// back; agents that run detached go on, and the next runner follows them. Dropping the future
    /// does the same without giving back: the specs are free when the lease expires.
    ///
    /// A store that cannot be reached is waited for.
    ///
    /// # Errors
    ///
    /// [`Store`](Error::Store) when the store fails in a way that waiting does not mend.
    pub async fn run(&self, token: CancellationToken) -> Result<(), Error> {
        loop {
            let runner = RunnerId::from_uuid(self.host.ids.uuid());
            tracing::info!(runner.id = %runner, "runner started");
            match self.run_as(runner, &token).await? {
                RunnerEnd::Stopped => {
                    tracing::info!(runner.id = %runner, "runner stopped");
                    return Ok(());
                }
                RunnerEnd::LeaseLost => {
                    tracing::warn!(runner.id = %runner, "runner lost its lease; starting again");
                }
            }
        }
    }

    /// Drives one spec in the caller's task until it waits or ends, and returns it. For hosts that
    /// schedule themselves, and for tests; [`run`](Self::run) does it for all.
    ///
    /// Does nothing when the spec is not due, somebody else drives it, or its project has as many in
    /// hands as it may. Dropping the future leaves the spec to whoever claims it after the lease has
    /// expired.
    ///
    /// # Errors
    ///
    /// [`NotFound`](Error::NotFound); [`Store`](Error::Store).
    pub async fn drive(&self, id: SpecId) -> Result<Spec, Error> {
        let runner = RunnerId::from_uuid(self.host.ids.uuid());
        let lease = self.host.config.lease;
        let asked = self.host.clock.now();
        self.store
            .heartbeat(runner, lease)
            .await
            .map_err(Error::store("register a runner"))?;
        let claim = Claim {
            runner,
            limit: 1,
            machine_version: MACHINE_VERSION,
            only: Some(id),
            max_per_project: self.host.config.max_per_project,
        };
        let claimed = self
            .store
            .claim(&claim)
            .await
            .map_err(Error::store("claim a spec"))?;
        if let Some(claimed) = claimed.into_iter().next() {
            let token = CancellationToken::new();
            let log = ClaimLog::default();
            let guard = self.host.active.enter(id);
            // On the heap, so that the host's own future stays small.
            let driving = Box::pin(self.drive_claimed(claimed, guard, &token));
            let ended = tokio::select! {
                ended = driving => ended,
                _end = self.heartbeats(runner, &log, asked) => Ended::Lost,
            };
            if let Ended::Failed(error) = ended {
                // The caller knows, and decides when to try again. If this fails too, the lease
                // expires by itself.
                let _given_back = self.store.retire(runner).await;
                return Err(Error::store("drive a spec")(error));
            }
        }
        self.store
            .retire(runner)
            .await
            .map_err(Error::store("retire a runner"))?;
        self.get(id).await
    }

    async fn run_as(
        &self,
        runner: RunnerId,
        token: &CancellationToken,
    ) -> Result<RunnerEnd, Error> {
        let Some(registered) = self.register(runner, token).await? else {
            return Ok(RunnerEnd::Stopped);
        };
        let drivers = token.child_token();
        let log = ClaimLog::default();
        let mut chores = self.start_chores(runner, &drivers);
        let mut tasks = JoinSet::new();
        let end = tokio::select! {
            end = self.claims(runner, &drivers, &log, &mut tasks) => end?,
            end = self.heartbeats(runner, &log, registered) => end?,
        };
        drivers.cancel();
        while let Some(joined) = tasks.join_next().await {
            report(joined);
        }
        while let Some(joined) = chores.join_next().await {
            if let Err(error) = joined {
                tracing::error!(%error, "a chore ended abnormally");
            }
        }
        if matches!(end, RunnerEnd::Stopped)
            && let Err(error) = self.store.retire(runner).await
        {
            // Its lease expires by itself.
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot retire the runner"
            );
        }
        Ok(end)
    }

    /// Registers the runner, waiting for the store if need be, and says since when its lease runs;
    /// `None` when cancelled meanwhile.
    async fn register(
        &self,
        runner: RunnerId,
        token: &CancellationToken,
    ) -> Result<Option<Timestamp>, Error> {
        let mut wait = Duration::from_millis(50);
        loop {
            let asked = self.host.clock.now();
            match self.store.heartbeat(runner, self.host.config.lease).await {
                Ok(_) => return Ok(Some(asked)),
                Err(error) if error.is_retryable() => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the store cannot be reached; waiting"
                    );
                }
                Err(error) => return Err(Error::store("register a runner")(error)),
            }
            tokio::select! {
                () = token.cancelled() => return Ok(None),
                () = self.host.clock.sleep(wait) => wait = (wait * 2).min(MAX_BACKOFF),
            }
        }
    }

    /// Claims and drives until cancelled.
    async fn claims(
        &self,
        runner: RunnerId,
        drivers: &CancellationToken,
        log: &ClaimLog,
        tasks: &mut JoinSet<Ended>,
    ) -> Result<RunnerEnd, Error> {
        let mut wakeups = hints(&*self.store);
        let config = &self.host.config;
        let slots = Arc::new(Semaphore::new(config.slots.min(Semaphore::MAX_PERMITS)));
        let (_desk, mut handed) = self
            .host
            .local
            .open(runner, Arc::clone(&slots), log.clone());
        let mut failures = 0_u32;
        let mut poll = self.host.clock.sleep(jittered(config.poll, runner));
        // Something may be due that was not claimed.
        let mut look = true;
        loop {
            if look && slots.available_permits() > 0 {
                let noted = log.begin();
                match self.claim_for(runner, &slots).await {
                    Ok(claimed) => {
                        failures = 0;
                        look = claimed.is_full;
                        for handed in claimed.specs {
                            self.spawn_driver(handed, drivers, tasks);
                        }
                    }
                    Err(error) if error.kind() == StoreErrorKind::Fenced => {
                        return Ok(RunnerEnd::LeaseLost);
                    }
                    Err(error) if error.is_retryable() => {
                        failures += 1;
                        look = false;
                        poll = self.host.clock.sleep(jittered(
                            config
                                .poll
                                .saturating_mul(1 << failures.min(6))
                                .min(MAX_BACKOFF.max(config.poll)),
                            runner,
                        ));
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "cannot claim; waiting"
                        );
                    }
                    Err(error) => return Err(Error::store("claim specs")(error)),
                }
                drop(noted);
                continue;
            }
            tokio::select! {
                () = drivers.cancelled() => return Ok(RunnerEnd::Stopped),
                Some(joined) = tasks.join_next() => report(joined),
                Some(handed) = handed.recv() => self.spawn_driver(handed, drivers, tasks),
                hint = wakeups.next() => {
                    let waiting = std::iter::from_fn(|| wakeups.next().now_or_never());
                    for hint in std::iter::once(hint).chain(waiting).take(MAX_HINTS) {
                        // After a failure the poll decides when to try again.
                        look |= self.is_due(hint) && failures == 0;
                    }
                }
                () = &mut poll => {
                    look = true;
                    poll = self.host.clock.sleep(jittered(config.poll, runner));
                }
            }
        }
    }

    /// True when a hint says that something may be claimed. Drivers hear what concerns them.
    fn is_due(&self, hint: Option<Wakeup>) -> bool {
        match hint {
            Some(Wakeup::Spec { id, revision, due }) => {
                !self.host.active.is_at(id, revision) && due
            }
            Some(Wakeup::Sandbox { id }) => {
                self.host.active.sandbox_changed(&id);
                false
            }
            Some(Wakeup::Lagged) => true,
            None => false,
        }
    }

    /// Claims as much as there are free slots.
    async fn claim_for(
        &self,
        runner: RunnerId,
        slots: &Arc<Semaphore>,
    ) -> Result<ClaimedSpecs, crate::store::StoreError> {
        let free = u32::try_from(slots.available_permits()).unwrap_or(u32::MAX);
        let Ok(mut permits) = Arc::clone(slots).try_acquire_many_owned(free) else {
            // A launch was faster.
            return Ok(ClaimedSpecs {
                specs: Vec::new(),
                is_full: true,
            });
        };
        let claim = Claim {
            runner,
            limit: free,
            machine_version: MACHINE_VERSION,
            only: None,
            max_per_project: self.host.config.max_per_project,
        };
        let claimed = self.store.claim(&claim).await?;
        let is_full = claimed.len() >= permits.num_permits();
        let specs = claimed
            .into_iter()
            .map(|claimed| Handed {
                // Entered before the task begins, so that the next heartbeat finds it.
                guard: self.host.active.enter(claimed.lease.spec_id),
                // A store that hands out more than was asked for gets them driven nevertheless.
                slot: permits.split(1),
                claimed,
            })
            .collect();
        Ok(ClaimedSpecs { specs, is_full })
    }

    fn spawn_driver(
        &self,
        handed: Handed,
        drivers: &CancellationToken,
        tasks: &mut JoinSet<Ended>,
    ) {
        let Handed {
            claimed,
            guard,
            slot,
        } = handed;
        let machine = self.clone();
        let token = drivers.clone();
        tasks.spawn(async move {
            let _slot = slot;
            machine.drive_claimed(claimed, guard, &token).await
        });
    }

    /// Says every third of a lease that the runner is alive; `confirmed` is when it last did. Ends
    /// when that is no longer sure, before others may stop trusting it.
    async fn heartbeats(
        &self,
        runner: RunnerId,
        log: &ClaimLog,
        mut confirmed: Timestamp,
    ) -> Result<RunnerEnd, Error> {
        let lease = self.host.config.lease;
        let trusted = |confirmed| {
            let trust = lease / 5 * 4;
            trust.saturating_sub(self.host.clock.now().since(confirmed))
        };
        loop {
            let wait = trusted(confirmed).min(lease / 3);
            self.host.clock.sleep(wait).await;
            let left = trusted(confirmed);
            if left.is_zero() {
                return Ok(RunnerEnd::LeaseLost);
            }
            // Counted from before the request: the store may have answered late.
            let asked = self.host.clock.now();
            let before = log.look();
            let answer = tokio::select! {
                answer = self.store.heartbeat(runner, lease) => Some(answer),
                () = self.host.clock.sleep(left.min(lease / 3)) => None,
            };
            match answer {
                Some(Ok(heartbeat)) => {
                    confirmed = asked;
                    for held in heartbeat.held {
                        let known = self.host.active.is_at(held.spec_id, held.revision);
                        // Held by a driver that could not give it back. While claims are under way,
                        // it may also be one that has just been claimed.
                        if !known && before.is_some() && before == log.look() {
                            self.release(held.spec_id, runner, held.epoch).await;
                        }
                    }
                }
                Some(Err(error)) if error.kind() == StoreErrorKind::Fenced => {
                    return Ok(RunnerEnd::LeaseLost);
                }
                Some(Err(error)) if !error.is_retryable() => {
                    return Err(Error::store("renew a lease")(error));
                }
                Some(Err(_)) | None => {
                    tracing::warn!(runner.id = %runner, "cannot renew the lease");
                }
            }
        }
    }

    async fn release(&self, spec_id: SpecId, runner: RunnerId, epoch: Epoch) {
        let lease = Lease {
            spec_id,
            runner,
            epoch,
        };
        if let Err(error) = self.store.release(&lease).await {
            tracing::warn!(spec.id = %spec_id, error = &error as &dyn std::error::Error, "cannot give a spec back");
        }
    }
}

fn report(joined: Result<Ended, tokio::task::JoinError>) {
    match joined {
        Ok(Ended::Failed(error)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a spec cannot be driven"
            );
        }
        Ok(Ended::Idle | Ended::Released | Ended::Stopped | Ended::Lost) => {}
        Err(error) => tracing::error!(%error, "a driver ended abnormally"),
    }
}

/// `base`, a quarter longer or shorter, differently for each runner.
pub(super) fn jittered(base: Duration, runner: RunnerId) -> Duration {
    let random = (runner.as_uuid().as_u128() & 0xff) as u32;
    base.saturating_mul(192 + random / 2) / 256
}

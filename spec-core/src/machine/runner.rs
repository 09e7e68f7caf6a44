//! One runner: claims what is due, drives it, and says that it is alive.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::SpecStateMachine;
use super::driver::Ended;
use super::watch::hints;
use crate::clock::Timestamp;
use crate::error::Error;
use crate::id::{Epoch, RunnerId, SpecId};
use crate::sandbox::SandboxSpawner;
use crate::spec::{MACHINE_VERSION, Spec};
use crate::store::{Claim, Lease, SpecStore, StoreErrorKind};

/// Hints that come within this time are answered by one claim.
const CLAIM_DEBOUNCE: Duration = Duration::from_millis(5);
/// At most so many of them.
const MAX_HINTS: usize = 4096;
/// Longest wait after the store failed.
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// Why a runner ended.
enum RunnerEnd {
    /// It was told to.
    Stopped,
    /// Its lease is gone, or may be: everything it held is let go, and another incarnation follows.
    LeaseLost,
}

/// Counts claims, so that a heartbeat's answer is not taken for news about a spec that was claimed
/// while the answer was on its way.
#[derive(Debug, Default)]
struct ClaimLog {
    begun: u64,
    ended: u64,
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
    /// Does nothing when the spec is not due or somebody else drives it. Dropping the future leaves
    /// the spec to whoever claims it after the lease has expired.
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
            max_per_project: None,
        };
        let claimed = self
            .store
            .claim(&claim)
            .await
            .map_err(Error::store("claim a spec"))?;
        if let Some(claimed) = claimed.into_iter().next() {
            let token = CancellationToken::new();
            let log = Mutex::new(ClaimLog::default());
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
        let log = Mutex::new(ClaimLog::default());
        let mut tasks = JoinSet::new();
        let end = tokio::select! {
            end = self.claims(runner, &drivers, &log, &mut tasks) => end?,
            end = self.heartbeats(runner, &log, registered) => end?,
        };
        drivers.cancel();
        while let Some(joined) = tasks.join_next().await {
            report(joined);
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
        log: &Mutex<ClaimLog>,
        tasks: &mut JoinSet<Ended>,
    ) -> Result<RunnerEnd, Error> {
        let mut wakeups = hints(&*self.store);
        let mut failures = 0_u32;
        loop {
            let free = self.host.config.slots.saturating_sub(tasks.len());
            let mut more = false;
            if free > 0 {
                let claim = Claim {
                    runner,
                    limit: u32::try_from(free).unwrap_or(u32::MAX),
                    machine_version: MACHINE_VERSION,
                    only: None,
                    max_per_project: None,
                };
                let _noted = ClaimNote::begin(log);
                match self.store.claim(&claim).await {
                    Ok(claimed) => {
                        failures = 0;
                        more = claimed.len() == free;
                        for claimed in claimed {
                            let machine = self.clone();
                            let token = drivers.clone();
                            // Entered before the task begins, so that the next heartbeat finds it.
                            let guard = self.host.active.enter(claimed.lease.spec_id);
                            tasks.spawn(async move {
                                machine.drive_claimed(claimed, guard, &token).await
                            });
                        }
                    }
                    Err(error) if error.kind() == StoreErrorKind::Fenced => {
                        return Ok(RunnerEnd::LeaseLost);
                    }
                    Err(error) if error.is_retryable() => {
                        failures += 1;
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            "cannot claim; waiting"
                        );
                    }
                    Err(error) => return Err(Error::store("claim specs")(error)),
                }
            }
            if more {
                continue;
            }
            let poll = self.host.config.poll.saturating_mul(1 << failures.min(6));
            tokio::select! {
                () = drivers.cancelled() => return Ok(RunnerEnd::Stopped),
                Some(joined) = tasks.join_next() => report(joined),
                _hint = wakeups.next(), if free > 0 => {
                    self.host.clock.sleep(CLAIM_DEBOUNCE).await;
                    let _answered = (0..MAX_HINTS)
                        .take_while(|_| wakeups.next().now_or_never().is_some())
                        .count();
                }
                () = self.host.clock.sleep(jittered(poll.min(MAX_BACKOFF.max(self.host.config.poll)), runner)) => {}
            }
        }
    }

    /// Says every third of a lease that the runner is alive; `confirmed` is when it last did. Ends
    /// when that is no longer sure, before others may stop trusting it.
    async fn heartbeats(
        &self,
        runner: RunnerId,
        log: &Mutex<ClaimLog>,
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
            let before = ClaimNote::look(log);
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
                        if !known && before.is_some() && before == ClaimNote::look(log) {
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

/// Notes a claim from its beginning to its end, dropped or not.
struct ClaimNote<'a>(&'a Mutex<ClaimLog>);

impl<'a> ClaimNote<'a> {
    fn begin(log: &'a Mutex<ClaimLog>) -> Self {
        log.lock().unwrap_or_else(PoisonError::into_inner).begun += 1;
        Self(log)
    }

    /// How many claims there were; `None` while one is under way.
    fn look(log: &Mutex<ClaimLog>) -> Option<u64> {
        let log = log.lock().unwrap_or_else(PoisonError::into_inner);
        (log.begun == log.ended).then_some(log.ended)
    }
}

impl Drop for ClaimNote<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).ended += 1;
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
        Ok(Ended::Idle | Ended::Stopped | Ended::Lost) => {}
        Err(error) => tracing::error!(%error, "a driver ended abnormally"),
    }
}

/// `base`, a quarter longer or shorter, differently for each runner.
fn jittered(base: Duration, runner: RunnerId) -> Duration {
    let random = (runner.as_uuid().as_u128() & 0xff) as u32;
    base.saturating_mul(192 + random / 2) / 256
}

//! One spec, driven by one runner: load, decide, act, commit.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio_util::sync::CancellationToken;

use super::active::ActiveGuard;
use super::known::Known;
use super::looks::Looks;
use super::writes::{Trouble, Writes};
use super::{Action, Input, Observation, SpecStateMachine, Transition, apply, due_at, next_action};
use crate::attempt::FailureKind;
use crate::clock::Timestamp;
use crate::id::AttemptKey;
use crate::sandbox::SandboxSpawner;
use crate::spec::Spec;
use crate::store::{
    Checkpoint, Claimed, Lease, SpecStore, SpecStoreExt as _, StoreError, StoreErrorKind,
    StoredSpec,
};

/// Claims without progress after which a spec is taken for the cause of its runners' deaths.
const MAX_FRUITLESS_CLAIMS: u32 = 5;
/// Longest wait after the store failed.
const MAX_STORE_BACKOFF: Duration = Duration::from_secs(5);
/// Longest wait, when the runner stops, for what is being written.
const MAX_LAST_WRITE: Duration = Duration::from_secs(5);

/// Why a driver let go of its spec.
#[derive(Debug)]
pub(super) enum Ended {
    /// Nothing is owed to it by itself, or not for a while.
    Idle,
    /// Likewise, and the last write gave it back.
    Released,
    /// The runner is stopping.
    Stopped,
    /// Another runner has it, or it is gone.
    Lost,
    /// The store failed in a way that trying again does not mend.
    Failed(StoreError),
}

/// A spec as its driver sees it: ahead of the store by what is being written.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) spec: Arc<Spec>,
    /// How far the output of its last followed run was read.
    pub(super) checkpoint: Option<Checkpoint>,
}

impl From<StoredSpec> for Current {
    fn from(stored: StoredSpec) -> Self {
        Self {
            spec: Arc::new(stored.spec),
            checkpoint: stored.checkpoint,
        }
    }
}

/// What an effect led to.
#[derive(Debug)]
pub(super) enum Performed {
    /// Something to be applied.
    Observed(Observation),
    /// Nothing; decide again, from the stored state.
    Again,
    /// The store failed meanwhile.
    StoreFailed(StoreError),
}

impl From<Observation> for Performed {
    fn from(observation: Observation) -> Self {
        Self::Observed(observation)
    }
}

/// Drives one spec under one lease.
#[derive(Debug)]
pub(super) struct Driver<'a, S, P> {
    pub(super) machine: &'a SpecStateMachine<S, P>,
    pub(super) lease: Lease,
    token: &'a CancellationToken,
    pub(super) writes: Writes,
    pub(super) known: Known,
    looks: Looks,
    /// How far the clock by which the spec became due is ahead of this machine's.
    ahead: Duration,
}

impl<S: SpecStore, P: SandboxSpawner> SpecStateMachine<S, P> {
    /// Drives a claimed spec until nothing is owed to it for a while, and gives it back. A driver
    /// that is dropped leaves a state from which the next one goes on.
    pub(super) async fn drive_claimed(
        &self,
        claimed: Claimed,
        guard: ActiveGuard,
        token: &CancellationToken,
    ) -> Ended {
        let Claimed {
            lease,
            stored,
            fruitless,
        } = claimed;
        // The store's word counts: a spec that is due by its clock and not by this one would be
        // claimed and given back without end.
        let due = due_at(&stored.spec).unwrap_or(stored.spec.updated_at);
        let driver = Driver {
            machine: self,
            lease,
            token,
            writes: Writes::new(lease, stored.spec.revision),
            known: Known::default(),
            looks: Looks::default(),
            ahead: due.since(self.host.clock.now()),
        };
        let ended = driver.drive(stored, fruitless, &guard).await;
        match &ended {
            Ended::Idle | Ended::Stopped => {
                if let Err(error) = self.store.release(&lease).await {
                    // The next heartbeat shows that it is still held, and it is released then.
                    tracing::warn!(spec.id = %lease.spec_id, error = &error as &dyn std::error::Error, "cannot give a spec back");
                }
            }
            // After a failure it is kept until a heartbeat finds it, so that one which stays is met
            // now and then and not in a busy loop.
            Ended::Failed(_) | Ended::Lost | Ended::Released => {}
        }
        ended
    }
}

impl<S: SpecStore, P: SandboxSpawner> Driver<'_, S, P> {
    /// Decides and acts, while what it writes is on its way.
    async fn drive(&self, stored: StoredSpec, fruitless: u32, active: &ActiveGuard) -> Ended {
        tokio::select! {
            // In this order: what is decided without waiting becomes one write.
            biased;
            ended = self.decide(stored.into(), fruitless, active) => ended,
            never = self.writes.pump(&*self.machine.store) => match never {},
        }
    }

    async fn decide(&self, mut current: Current, fruitless: u32, active: &ActiveGuard) -> Ended {
        let mut store_failures = 0;
        if fruitless >= MAX_FRUITLESS_CLAIMS
            && let Some((key, _)) = current.spec.active_attempt()
        {
            let message = format!(
                "{fruitless} runners took this spec and none of them got anywhere; \
                 it is stopped so that it does no further harm"
            );
            let poisoned = Observation::AttemptFailed {
                key,
                kind: FailureKind::Poisoned,
                message,
            };
            if let Some(next) = self.note(&current.spec, poisoned) {
                current.spec = next;
            }
        }
        loop {
            if self.token.is_cancelled() {
                return self.stop().await;
            }
            active.works_on(&current.spec);
            let step = match self.act(&current, active).await {
                Ok(step) => step,
                Err(error) => Step::StoreFailed(error),
            };
            if let Some(checkpoint) = self.writes.take_checkpoint() {
                current.checkpoint = Some(checkpoint);
            }
            match step {
                Step::Ended(ended) => return ended,
                Step::Moved(spec) => {
                    store_failures = 0;
                    current.spec = spec;
                    continue;
                }
                Step::Again => continue,
                Step::Reload => {}
                Step::StoreFailed(error) => match error.kind() {
                    StoreErrorKind::Fenced | StoreErrorKind::NotFound => return Ended::Lost,
                    StoreErrorKind::Conflict => {}
                    StoreErrorKind::Unavailable => {
                        store_failures += 1;
                        self.store_backoff(&error, store_failures).await;
                    }
                    StoreErrorKind::AlreadyExists
                    | StoreErrorKind::Corrupt
                    | StoreErrorKind::Internal => {
                        if let Err(ended) = self.tell_refusal(error, &mut store_failures).await {
                            return ended;
                        }
                    }
                },
            }
            match self.reload(&mut store_failures).await {
                Ok(stored) => current = stored,
                Err(ended) => return ended,
            }
        }
    }

    /// Does what is owed next, once what it follows from is stored.
    async fn act(&self, current: &Current, active: &ActiveGuard) -> Result<Step, StoreError> {
        let now = self.now().max(current.spec.updated_at);
        let action = next_action(&current.spec, now);
        let wait = match &action {
            Action::Nothing => None,
            Action::SleepUntil(at) => Some(at.since(now)),
            Action::Spawn(_)
            | Action::Start(_)
            | Action::Follow { .. }
            | Action::Evaluate(_)
            | Action::Sync(_)
            | Action::Account(_)
            | Action::Expire(_)
            | Action::Terminate(_) => {
                if !self.writes.may_run_ahead() {
                    self.settled().await?;
                }
                return Ok(self.step(current, action, active).await);
            }
        };
        let linger = self.machine.host.config.linger;
        let Some(wait) = wait.filter(|wait| *wait <= linger) else {
            let released = self.writes.settled_and_released().await?;
            return Ok(Step::Ended(if released {
                Ended::Released
            } else {
                Ended::Idle
            }));
        };
        self.settled().await?;
        tokio::select! {
            () = self.token.cancelled() => Ok(Step::Again),
            () = active.changed() => Ok(Step::Reload),
            () = self.sleep(wait) => Ok(Step::Again),
        }
    }

    /// Completes when all is stored, or the runner is to stop.
    async fn settled(&self) -> Result<(), StoreError> {
        tokio::select! {
            biased;
            settled = self.writes.settled() => settled,
            () = self.token.cancelled() => Ok(()),
        }
    }

    /// Lets what is being written land, so that the next runner need not repeat it.
    async fn stop(&self) -> Ended {
        tokio::select! {
            biased;
            settled = self.writes.settled() => match settled {
                Err(error) if error.kind() == StoreErrorKind::Fenced => Ended::Lost,
                Ok(()) | Err(_) => Ended::Stopped,
            },
            () = self.sleep(MAX_LAST_WRITE) => Ended::Stopped,
        }
    }

    /// What was to be stored may be at fault, and not the store: the attempt is told, and counts how
    /// often.
    async fn tell_refusal(&self, error: StoreError, failures: &mut u32) -> Result<(), Ended> {
        let current = self.reload(failures).await?;
        let told = current.spec.active_attempt().and_then(|(key, _)| {
            let told = failed_effect(key, "the store refused", &error, None);
            self.note(&current.spec, told)
        });
        match told {
            Some(_) => self
                .writes
                .settled()
                .await
                .map_err(|_again| Ended::Failed(error)),
            None => Err(Ended::Failed(error)),
        }
    }

    /// The spec as it is now, however long that takes to learn: on an older state things would be
    /// done, read and shown again.
    async fn reload(&self, store_failures: &mut u32) -> Result<Current, Ended> {
        loop {
            self.writes.discard().await;
            self.known.forget();
            match self.machine.store.require(self.lease.spec_id).await {
                Ok(stored) => {
                    self.writes.begin_at(stored.spec.revision);
                    return Ok(stored.into());
                }
                Err(error) if error.is_retryable() => {
                    *store_failures += 1;
                    self.store_backoff(&error, *store_failures).await;
                    if self.token.is_cancelled() {
                        return Err(Ended::Stopped);
                    }
                }
                Err(error) if error.kind() == StoreErrorKind::NotFound => return Err(Ended::Lost),
                Err(error) => return Err(Ended::Failed(error)),
            }
        }
    }

    /// Does what is owed, unless the spec changes or the attempt's time is up meanwhile. When the
    /// sandbox of a run that is followed is said to have changed, it is followed anew.
    async fn step(&self, current: &Current, action: Action, active: &ActiveGuard) -> Step {
        let spec = &current.spec;
        let deadline = self.deadline_of(spec, &action);
        let Some(defect) = defect_in(&action) else {
            return Step::Reload;
        };
        // Whatever else is done to a sandbox answers by itself. Following may go on in silence when
        // the sandbox is gone, and loses nothing when it is done again.
        let listens = matches!(action, Action::Follow { .. });
        if listens {
            active.looks_at_sandbox();
        }
        let mut look_at: Option<Timestamp> = None;
        // Agents, spawners and targets are the host's: their defects must not become this runner's.
        // On the heap: it is by far the largest part of a driver, and there may be many of those.
        let mut effect = Box::pin(AssertUnwindSafe(self.perform(current, action)).catch_unwind());
        let performed = loop {
            tokio::select! {
                biased;
                () = self.token.cancelled() => return Step::Again,
                performed = &mut effect => break performed.unwrap_or_else(|_panic| defect.into()),
                trouble = self.writes.trouble() => return match trouble {
                    Trouble::Overtaken => Step::Reload,
                    Trouble::Failed(error) => Step::StoreFailed(error),
                },
                () = active.changed() => match self.is_overtaken().await {
                    // Our own commits are announced too; they change nothing here.
                    Ok(false) => {}
                    Ok(true) => return Step::Reload,
                    Err(error) => return Step::StoreFailed(error),
                },
                () = active.sandbox_changed(), if listens && look_at.is_none() => {
                    look_at = Some(self.looks.next(self.now()));
                }
                () = self.sleep(look_at.map_or(Duration::ZERO, |at| at.since(self.now()))),
                    if look_at.is_some() => {
                    self.looks.looked(self.now());
                    return Step::Again;
                }
                () = self.sleep(deadline.since(self.now())) => return Step::Reload,
            }
        };
        match performed {
            Performed::Again => match self.settled().await {
                Ok(()) => Step::Reload,
                Err(error) => Step::StoreFailed(error),
            },
            Performed::StoreFailed(error) => Step::StoreFailed(error),
            Performed::Observed(observation) => match self.note(spec, observation) {
                Some(spec) => Step::Moved(spec),
                None => Step::Reload,
            },
        }
    }

    /// True when somebody else has changed the spec.
    async fn is_overtaken(&self) -> Result<bool, StoreError> {
        self.writes.settled().await?;
        let current = self.machine.store.get(self.lease.spec_id).await?;
        Ok(current.is_none_or(|current| current.spec.revision != self.writes.revision()))
    }

    /// When an effect is no longer worth waiting for.
    fn deadline_of(&self, spec: &Spec, action: &Action) -> Timestamp {
        match (action, spec.active_attempt()) {
            // Bounds itself: it ends with an observation whatever the provider does.
            (Action::Terminate(_) | Action::Account(_) | Action::Expire(_), _) | (_, None) => {
                self.now() + Duration::from_hours(1)
            }
            (_, Some((_, attempt))) => attempt.deadline,
        }
    }

    /// Applies an observation and has it written; `None` when the spec has moved on and it came too
    /// late.
    fn note(&self, spec: &Spec, observation: Observation) -> Option<Arc<Spec>> {
        let transition = match apply(spec, Input::Observation(observation), self.now()) {
            Ok(transition) => transition,
            Err(refusal) => {
                tracing::debug!(spec.id = %spec.id, %refusal, "observation not taken");
                return None;
            }
        };
        let Transition {
            from,
            spec: after,
            events,
            artifacts,
        } = transition;
        for event in &events {
            tracing::info!(
                spec.id = %spec.id,
                spec.revision = after.revision.get(),
                event = event.body.name(),
                "spec moved"
            );
        }
        for artifact in &artifacts {
            self.known.accepted(artifact);
        }
        let after = Arc::new(after);
        self.writes
            .commit(from, Arc::clone(&after), events, artifacts);
        Some(after)
    }

    async fn store_backoff(&self, error: &StoreError, failures: u32) {
        tracing::warn!(
            spec.id = %self.lease.spec_id,
            failures,
            error = error as &dyn std::error::Error,
            "the store failed; trying again"
        );
        let wait = Duration::from_millis(50).saturating_mul(1 << failures.min(10));
        tokio::select! {
            () = self.token.cancelled() => {}
            () = self.sleep(wait.min(MAX_STORE_BACKOFF)) => {}
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.machine.host.clock.now() + self.ahead
    }

    pub(super) async fn sleep(&self, duration: Duration) {
        self.machine.host.clock.sleep(duration).await;
    }
}

/// Outcome of one step.
enum Step {
    /// On to this state.
    Moved(Arc<Spec>),
    /// Decide again on the same state.
    Again,
    /// Decide again on what is stored.
    Reload,
    Ended(Ended),
    StoreFailed(StoreError),
}

/// What a panic in the effect means. What it says is left to the log: it may hold anything.
fn defect_in(action: &Action) -> Option<Observation> {
    let message = "a defect in this program stopped it (it panicked); the runner's log says more";
    let key = match action {
        Action::Terminate(sandbox) => {
            return Some(Observation::SandboxEnding {
                key: sandbox.key.attempt(),
                message: Some(message.to_owned()),
                retry_after: None,
            });
        }
        Action::Spawn(key) | Action::Expire(key) => *key,
        Action::Start(run)
        | Action::Follow { run, .. }
        | Action::Evaluate(run)
        | Action::Sync(run) => run.attempt,
        // A decoder that panics must not keep a sandbox alive: nothing is counted beyond this.
        Action::Account(run) => {
            let report = Box::default();
            return Some(Observation::RunStopped { run: *run, report });
        }
        Action::SleepUntil(_) | Action::Nothing => return None,
    };
    Some(Observation::EffectFailed {
        key,
        message: message.to_owned(),
        retry_after: None,
    })
}

/// The error and its causes in one line, for a person.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

/// An effect that failed and may succeed later.
pub(super) fn failed_effect(
    key: AttemptKey,
    what: &str,
    error: &(dyn std::error::Error + 'static),
    retry_after: Option<Duration>,
) -> Observation {
    Observation::EffectFailed {
        key,
        message: format!("{what}: {}", chain(error)),
        retry_after,
    }
}

//! One spec, driven by one runner: load, decide, act, commit.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::active::{Active, ActiveGuard};
use super::{Action, Input, Observation, SpecStateMachine, Transition, apply, next_action};
use crate::attempt::FailureKind;
use crate::clock::Timestamp;
use crate::id::AttemptKey;
use crate::sandbox::SandboxSpawner;
use crate::spec::Spec;
use crate::store::{
    Claimed, Commit, Lease, SpecStore, SpecStoreExt as _, StoreError, StoreErrorKind, StoredSpec,
};

/// Claims without progress after which a spec is taken for the cause of its runners' deaths.
const MAX_FRUITLESS_CLAIMS: u32 = 5;
/// Longest wait after the store failed.
const MAX_STORE_BACKOFF: Duration = Duration::from_secs(5);

/// Why a driver let go of its spec.
#[derive(Debug)]
pub(super) enum Ended {
    /// Nothing is owed to it by itself, or not for a while.
    Idle,
    /// The runner is stopping.
    Stopped,
    /// Another runner has it, or it is gone.
    Lost,
    /// The store failed in a way that trying again does not mend.
    Failed(StoreError),
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
        let driver = Driver {
            machine: self,
            lease,
            token,
        };
        let ended = driver.drive(stored, fruitless, &guard.active).await;
        match &ended {
            Ended::Idle | Ended::Stopped | Ended::Failed(_) => {
                if let Err(error) = self.store.release(&lease).await {
                    // The next heartbeat shows that it is still held, and it is released then.
                    tracing::warn!(spec.id = %lease.spec_id, error = &error as &dyn std::error::Error, "cannot give a spec back");
                }
            }
            Ended::Lost => {}
        }
        ended
    }
}

impl<S: SpecStore, P: SandboxSpawner> Driver<'_, S, P> {
    async fn drive(&self, mut stored: StoredSpec, fruitless: u32, active: &Active) -> Ended {
        let mut store_failures = 0;
        if fruitless >= MAX_FRUITLESS_CLAIMS
            && let Some((key, _)) = stored.spec.active_attempt()
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
            match self.commit(&stored.spec, poisoned).await {
                Ok(Some(next)) => stored.spec = next,
                Ok(None) => return Ended::Lost,
                Err(error) => return Ended::Failed(error),
            }
        }
        loop {
            if self.token.is_cancelled() {
                return Ended::Stopped;
            }
            active.works_on(stored.spec.revision);
            let now = self.now();
            let step = match next_action(&stored.spec, now) {
                Action::Nothing => return Ended::Idle,
                Action::SleepUntil(at) => {
                    let wait = at.since(now);
                    if wait > self.machine.host.config.linger {
                        return Ended::Idle;
                    }
                    tokio::select! {
                        () = self.token.cancelled() => return Ended::Stopped,
                        () = active.changed() => Step::Reload,
                        () = self.sleep(wait) => continue,
                    }
                }
                action @ (Action::Spawn(_)
                | Action::Start(_)
                | Action::Follow { .. }
                | Action::Evaluate(_)
                | Action::Sync(_)
                | Action::Expire(_)
                | Action::Terminate(_)) => self.step(&stored, action, active).await,
            };
            let reload = match step {
                Step::Stopped => return Ended::Stopped,
                Step::Committed(spec) => {
                    store_failures = 0;
                    stored.spec = *spec;
                    false
                }
                Step::Reload => true,
                Step::StoreFailed(error) => match error.kind() {
                    StoreErrorKind::Fenced | StoreErrorKind::NotFound => return Ended::Lost,
                    StoreErrorKind::Conflict => true,
                    StoreErrorKind::Unavailable => {
                        store_failures += 1;
                        self.store_backoff(&error, store_failures).await;
                        true
                    }
                    StoreErrorKind::AlreadyExists
                    | StoreErrorKind::Corrupt
                    | StoreErrorKind::Internal => return Ended::Failed(error),
                },
            };
            if reload {
                match self.machine.store.require(self.lease.spec_id).await {
                    Ok(current) => stored = current,
                    Err(error) if error.is_retryable() => {
                        store_failures += 1;
                        self.store_backoff(&error, store_failures).await;
                    }
                    Err(error) if error.kind() == StoreErrorKind::NotFound => return Ended::Lost,
                    Err(error) => return Ended::Failed(error),
                }
            }
        }
    }

    /// Does what is owed, unless the spec changes or the attempt's time is up meanwhile.
    async fn step(&self, stored: &StoredSpec, action: Action, active: &Active) -> Step {
        let spec = &stored.spec;
        let deadline = self.deadline_of(spec, &action);
        // On the heap: it is by far the largest part of a driver, and there may be many of those.
        let mut effect = Box::pin(self.perform(stored, action));
        let performed = loop {
            tokio::select! {
                biased;
                () = self.token.cancelled() => return Step::Stopped,
                performed = &mut effect => break performed,
                () = active.changed() => match self.machine.store.get(spec.id).await {
                    // Our own commits are announced too; they change nothing here.
                    Ok(Some(current)) if current.spec.revision == spec.revision => {}
                    Ok(_) => return Step::Reload,
                    Err(error) => return Step::StoreFailed(error),
                },
                () = self.sleep(deadline.since(self.now())) => return Step::Reload,
            }
        };
        match performed {
            Performed::Again => Step::Reload,
            Performed::StoreFailed(error) => Step::StoreFailed(error),
            Performed::Observed(observation) => match self.commit(spec, observation).await {
                Ok(Some(spec)) => Step::Committed(Box::new(spec)),
                Ok(None) => Step::Reload,
                Err(error) => Step::StoreFailed(error),
            },
        }
    }

    /// When an effect is no longer worth waiting for.
    fn deadline_of(&self, spec: &Spec, action: &Action) -> Timestamp {
        match (action, spec.active_attempt()) {
            // Bounds itself: it ends with an observation whatever the provider does.
            (Action::Terminate(_), _) | (_, None) => self.now() + Duration::from_hours(1),
            (_, Some((_, attempt))) => attempt.deadline,
        }
    }

    /// Applies and commits an observation; `None` when the spec has moved on and it came too late.
    async fn commit(
        &self,
        spec: &Spec,
        observation: Observation,
    ) -> Result<Option<Spec>, StoreError> {
        let transition = match apply(spec, Input::Observation(observation), self.now()) {
            Ok(transition) => transition,
            Err(refusal) => {
                tracing::debug!(spec.id = %spec.id, %refusal, "observation not taken");
                return Ok(None);
            }
        };
        let Transition {
            events,
            spec: after,
            ..
        } = &transition;
        for event in events {
            tracing::info!(
                spec.id = %spec.id,
                spec.revision = after.revision.get(),
                event = event.body.name(),
                "spec moved"
            );
        }
        let after = after.clone();
        self.machine
            .store
            .commit(Commit::new(transition).under(self.lease))
            .await?;
        Ok(Some(after))
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
        self.machine.host.clock.now()
    }

    pub(super) async fn sleep(&self, duration: Duration) {
        self.machine.host.clock.sleep(duration).await;
    }
}

/// Outcome of one step.
enum Step {
    Committed(Box<Spec>),
    Reload,
    Stopped,
    StoreFailed(StoreError),
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

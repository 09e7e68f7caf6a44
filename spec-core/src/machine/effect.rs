//! What is done to the world: one function per action.

use std::time::Duration;

use super::driver::{Current, Driver, Performed, chain, failed_effect};
use super::prepare::{Prepared, Unprepared};
use super::{Action, Observation};
use crate::attempt::{FailureKind, SandboxFacts};
use crate::id::{AttemptKey, RunKey};
use crate::sandbox::{
    Checkout, CheckoutRef, RunRequest, Sandbox, SandboxRef, SandboxSpawner, SpawnError,
    SpawnErrorKind, SpawnRequest, Termination,
};
use crate::spec::Spec;
use crate::store::SpecStore;

/// Longest wait for one request to end a sandbox.
const TERMINATE_TIMEOUT: Duration = Duration::from_mins(2);

impl<S: SpecStore, P: SandboxSpawner> Driver<'_, S, P> {
    /// Does what is owed. Every effect is idempotent on its key, so that dropping this future and
    /// calling it again later, here or elsewhere, does nothing twice.
    pub(super) async fn perform(&self, current: &Current, action: Action) -> Performed {
        let spec = &current.spec;
        match action {
            Action::Spawn(key) => self.spawn(spec, key).await,
            Action::Start(run) => self.start(spec, run).await,
            Action::Follow { run, until } => self.follow(current, run, until).await,
            Action::Evaluate(run) => self.evaluate(spec, run).await,
            Action::Sync(run) => self.sync(spec, run).await,
            Action::Account(run) => self.account(current, run).await,
            Action::Expire(key) => self.expire(current, key).await.into(),
            Action::Terminate(sandbox) => self.terminate(&sandbox).await,
            Action::SleepUntil(_) | Action::Nothing => Performed::Again,
        }
    }

    async fn spawn(&self, spec: &Spec, key: AttemptKey) -> Performed {
        let host = &self.machine.host;
        let project = match host.projects.project(&spec.project_id, &spec.owner).await {
            Ok(Some(project)) => project,
            Ok(None) => {
                let (project, owner) = (&spec.project_id, &spec.owner);
                return Observation::AttemptFailed {
                    key,
                    kind: FailureKind::ProjectUnavailable,
                    message: format!("project `{project}` is gone or no longer open to `{owner}`"),
                }
                .into();
            }
            Err(error) if error.is_retryable() => {
                return failed_effect(key, "cannot look the project up", &error, None).into();
            }
            Err(error) => {
                return Observation::AttemptFailed {
                    key,
                    kind: FailureKind::ProjectUnavailable,
                    message: format!("cannot look the project up: {}", chain(&error)),
                }
                .into();
            }
        };
        // Every phase works on the commit that the first one found.
        let reference = match &spec.commit {
            Some(commit) => CheckoutRef::Commit(commit.clone()),
            None => project.checkout.reference.clone(),
        };
        let request = SpawnRequest {
            key: key.sandbox_key(),
            environment: host.config.environment.clone(),
            epoch: self.lease.epoch,
            checkout: Checkout {
                reference,
                ..project.checkout
            },
            ttl: spec
                .policy
                .attempt_timeout
                .saturating_add(host.config.sandbox_grace),
        };
        match self.machine.spawner.spawn(&request).await {
            Ok(Sandbox {
                id,
                origin,
                commit,
                layout,
                isolation,
                ..
            }) => {
                let facts = SandboxFacts {
                    id,
                    origin,
                    commit,
                    layout,
                    isolation,
                };
                Observation::SandboxReady { key, facts }.into()
            }
            Err(error) if error.kind() == SpawnErrorKind::Rejected => Observation::AttemptFailed {
                key,
                kind: FailureKind::CheckoutRejected,
                message: format!("cannot make a sandbox: {}", chain(&error)),
            }
            .into(),
            Err(error) => Self::judge_error(key, "cannot make a sandbox", &error).into(),
        }
    }

    async fn start(&self, spec: &Spec, run: RunKey) -> Performed {
        let key = run.attempt;
        let Prepared { plan, inputs } = match self.prepare(spec, run).await {
            Ok(prepared) => prepared,
            Err(unprepared) => return unprepared.into_performed(key),
        };
        let Some(sandbox) = sandbox_ref(spec, key) else {
            return Performed::Again;
        };
        if let Err(error) = self
            .machine
            .spawner
            .write_files(&sandbox, &plan.files)
            .await
        {
            return Self::judge_error(key, "cannot write the agent's files", &error).into();
        }
        let deadline = spec
            .active_attempt()
            .map_or(self.now(), |(_, a)| a.deadline);
        let request = RunRequest {
            key: run,
            argv: plan.argv,
            needs: plan.needs,
            env: plan.env,
            secrets: plan.secrets,
            timeout: deadline.since(self.now()).max(Duration::from_secs(1)),
        };
        match self.machine.spawner.start(&sandbox, &request).await {
            Ok(()) => Observation::RunStarted { run, inputs }.into(),
            Err(error) => {
                let what = format!("cannot start {}", spec.worker());
                Self::judge_error(key, &what, &error).into()
            }
        }
    }

    async fn terminate(&self, sandbox: &SandboxRef) -> Performed {
        let key = sandbox.key.attempt();
        let ending = |message, retry_after| Observation::SandboxEnding {
            key,
            message,
            retry_after,
        };
        tokio::select! {
            outcome = self.machine.spawner.terminate(sandbox) => match outcome {
                Ok(Termination::Confirmed) => Observation::SandboxGone { key }.into(),
                Ok(Termination::Accepted) => ending(None, None).into(),
                Err(error) => ending(Some(chain(&error)), error.retry_after()).into(),
            },
            () = self.sleep(TERMINATE_TIMEOUT) => {
                let seconds = TERMINATE_TIMEOUT.as_secs();
                ending(Some(format!("no answer within {seconds} s")), None).into()
            }
        }
    }

    /// What a spawner's error means for an attempt.
    pub(super) fn judge_error(key: AttemptKey, what: &str, error: &SpawnError) -> Observation {
        let kind = match error.kind() {
            SpawnErrorKind::NotFound => FailureKind::SandboxLost,
            SpawnErrorKind::ProgramNotFound => FailureKind::AgentNotFound,
            SpawnErrorKind::Rejected | SpawnErrorKind::TooLarge | SpawnErrorKind::Unauthorized => {
                FailureKind::SandboxRejected
            }
            SpawnErrorKind::QuotaExceeded
            | SpawnErrorKind::RateLimited
            | SpawnErrorKind::Timeout
            | SpawnErrorKind::Unavailable
            | SpawnErrorKind::Protocol
            | SpawnErrorKind::Internal => {
                return failed_effect(key, what, error, error.retry_after());
            }
        };
        Observation::AttemptFailed {
            key,
            kind,
            message: format!("{what}: {}", chain(error)),
        }
    }
}

impl Unprepared {
    pub(super) fn into_performed(self, key: AttemptKey) -> Performed {
        match self {
            Self::Store(error) => Performed::StoreFailed(error),
            Self::Failed(kind, message) => Observation::AttemptFailed { key, kind, message }.into(),
        }
    }
}

/// The sandbox of the attempt that is under way.
pub(super) fn sandbox_ref(spec: &Spec, key: AttemptKey) -> Option<SandboxRef> {
    let (active, attempt) = spec.active_attempt()?;
    (active == key).then(|| attempt.sandbox_ref(key))
}

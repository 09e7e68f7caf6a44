//! What an input makes of a state.

mod bounds;
mod budget;
mod review;

use std::time::Duration;

use self::bounds::{bounded, doubled, shorten, shorten_front};
use super::evolve::{create, evolve_new};
use super::{Command, Input, Observation, Refusal, Verdict};
use crate::agent::{INTERRUPTED, RunOutcome, RunReport};
use crate::artifact::Artifact;
use crate::attempt::{Attempt, AttemptStage, Failure, FailureKind, SandboxStatus};
use crate::clock::Timestamp;
use crate::event::{EventBody, NewEvent};
use crate::finding::Finding;
use crate::id::{
    AgentName, ArtifactVersion, AttemptKey, AttemptNumber, ProjectId, Revision, RunKey, SpecId,
    UserId,
};
use crate::phase::Phase;
use crate::policy::{Gate, Policy};
use crate::sandbox::RunEnd;
use crate::spec::{Description, Ending, MACHINE_VERSION, Spec, Title};
use crate::status::SpecStatus;

/// Failed effects in a row after which an attempt is given up.
const MAX_FAILED_EFFECTS: u32 = 10;
/// Requests to end a sandbox after which it is left to the reaper: about seven minutes.
const MAX_TERMINATIONS: u32 = 20;
/// Findings that are kept with an attempt; an agent cannot use more at once.
const MAX_FINDINGS: usize = 50;
/// Characters of a failure message.
const MAX_MESSAGE_CHARS: usize = 2000;

/// A change of state, and what happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// Revision of the state it was made from; 0 for a new spec.
    pub from: Revision,
    /// The state after it.
    pub spec: Spec,
    /// What happened. Empty: nothing, and there is nothing to commit.
    pub events: Vec<NewEvent>,
    /// New versions of artifacts.
    pub artifacts: Vec<Artifact>,
}

/// A spec to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSpec {
    /// Its id.
    pub id: SpecId,
    /// The project it is for.
    pub project_id: ProjectId,
    /// Who launches it.
    pub owner: UserId,
    /// A title to show.
    pub title: Title,
    /// The idea, exactly as typed.
    pub description: Description,
    /// The rules.
    pub policy: Policy,
    /// The agent that does the work.
    pub agent: AgentName,
    /// Whether to start at once.
    pub auto_execute: bool,
}

/// Creates a spec; starts its first phase when asked to.
///
/// # Errors
///
/// None that a caller can cause; the signature is that of [`apply`].
pub fn launch(new: NewSpec, now: Timestamp) -> Result<Transition, Refusal> {
    let NewSpec {
        id,
        project_id,
        owner,
        title,
        description,
        policy,
        agent,
        auto_execute,
    } = new;
    let created = EventBody::Created {
        project_id,
        owner: owner.clone(),
        title,
        description,
        policy: Box::new(policy),
        agent,
        machine_version: MACHINE_VERSION,
    };
    let revision = Revision::new(1);
    let spec = create(id, now, revision, &created).ok_or(Refusal::Inconsistent)?;
    let mut change = Change {
        from: Revision::new(0),
        revision,
        now,
        spec,
        events: vec![NewEvent {
            at: now,
            revision,
            body: created,
        }],
        artifacts: Vec::new(),
    };
    if auto_execute {
        change.execute(owner)?;
    }
    Ok(change.into_transition())
}

/// What `input` makes of `spec` at `now`. Pure and total: the same arguments give the same answer,
/// and every input to every state is either taken or refused.
///
/// # Errors
///
/// A [`Refusal`] that says why; the spec is then as it was. An observation that comes late, of an
/// attempt or run that is no longer under way, is [`Stale`](Refusal::Stale).
pub fn apply(spec: &Spec, input: Input, now: Timestamp) -> Result<Transition, Refusal> {
    // Time never runs backwards within a spec, whatever the clocks of its runners do.
    let mut change = Change {
        from: spec.revision,
        revision: spec.revision.next(),
        now: now.max(spec.updated_at),
        spec: spec.clone(),
        events: Vec::new(),
        artifacts: Vec::new(),
    };
    match input {
        Input::Command(command) => change.command(command)?,
        Input::Observation(observation) => change.observe(observation)?,
    }
    Ok(change.into_transition())
}

/// A transition in the making.
struct Change {
    from: Revision,
    revision: Revision,
    now: Timestamp,
    spec: Spec,
    events: Vec<NewEvent>,
    artifacts: Vec<Artifact>,
}

impl Change {
    fn into_transition(self) -> Transition {
        let Self {
            from,
            revision: _,
            now: _,
            spec,
            events,
            artifacts,
        } = self;
        Transition {
            from,
            spec,
            events,
            artifacts,
        }
    }

    /// Lets an event happen.
    fn push(&mut self, body: EventBody) -> Result<(), Refusal> {
        let event = NewEvent {
            at: self.now,
            revision: self.revision,
            body,
        };
        evolve_new(&mut self.spec, &event).map_err(|_misfit| Refusal::Inconsistent)?;
        self.events.push(event);
        Ok(())
    }

    fn command(&mut self, command: Command) -> Result<(), Refusal> {
        let verb = command.verb();
        let status = self.spec.status;
        let forbidden = Err(Refusal::Forbidden { verb, status });
        match command {
            _ if self.spec.archived_at.is_some() && !matches!(command, Command::Archive { .. }) => {
                Err(Refusal::Archived { verb })
            }
            Command::Execute { by } => match status {
                SpecStatus::Draft => self.execute(by),
                SpecStatus::Executing
                | SpecStatus::AwaitingApproval
                | SpecStatus::AwaitingAnswers
                | SpecStatus::Paused
                | SpecStatus::Completed
                | SpecStatus::Failed
                | SpecStatus::Cancelled => forbidden,
            },
            Command::Cancel { by, reason } => match (&self.spec.ending, status.is_terminal()) {
                (_, true) => forbidden,
                (Some(Ending::Cancelling { .. }), _) => Ok(()),
                (Some(ending), _) => Err(ending_already(verb, ending)),
                (None, false) => {
                    let reason = reason.map(|reason| shorten(&reason, 1000));
                    self.push(EventBody::CancelRequested { by, reason })?;
                    self.finish_if_settled()
                }
            },
            Command::Archive { by } => {
                if self.spec.archived_at.is_some() {
                    Ok(())
                } else if status.is_terminal() || status == SpecStatus::Draft {
                    self.push(EventBody::Archived { by })
                } else {
                    forbidden
                }
            }
            Command::SetBudget {
                by,
                budget,
                phase_budget,
            } => match status {
                _ if self.spec.ending == Some(Ending::Failing) => Err(Refusal::EndingAlready {
                    verb,
                    towards: "failing",
                }),
                SpecStatus::Completed | SpecStatus::Cancelled => forbidden,
                SpecStatus::Draft
                | SpecStatus::Executing
                | SpecStatus::AwaitingApproval
                | SpecStatus::AwaitingAnswers
                | SpecStatus::Paused
                | SpecStatus::Failed => self.set_budget(by, budget, phase_budget),
            },
            Command::Approve {
                by,
                phase,
                content_hash,
            } => self.approve(by, phase, content_hash),
            Command::RequestChanges {
                by,
                phase,
                content_hash,
                comment,
            } => self.request_changes(by, phase, content_hash, comment),
            Command::Pause { by } => match (status, &self.spec.ending) {
                (SpecStatus::Paused, _) => Ok(()),
                (SpecStatus::Executing, None) => self.push(EventBody::ExecutionPaused { by }),
                (SpecStatus::Executing, Some(ending)) => Err(ending_already(verb, ending)),
                _ => forbidden,
            },
            Command::Resume { by } => match (status, self.spec.current_phase()) {
                (SpecStatus::Paused, Some(phase)) => {
                    self.require_budget(phase)?;
                    self.push(EventBody::ExecutionResumed { by })?;
                    self.start_phase(phase)
                }
                _ => forbidden,
            },
            Command::Retry {
                by,
                phase,
                feedback,
            } => match status {
                SpecStatus::AwaitingApproval
                | SpecStatus::AwaitingAnswers
                | SpecStatus::Paused
                | SpecStatus::Completed
                | SpecStatus::Failed => self.retry(by, phase, feedback),
                SpecStatus::Draft | SpecStatus::Executing | SpecStatus::Cancelled => forbidden,
            },
            Command::Answer { .. } | Command::Edit { .. } => Err(Refusal::Unavailable { verb }),
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one arm per observation reads best in one place"
    )]
    fn observe(&mut self, observation: Observation) -> Result<(), Refusal> {
        match observation {
            Observation::SandboxReady { key, facts } => {
                self.expect(key, "sandbox ready", |a| a.stage == AttemptStage::Spawning)?;
                let AttemptKey { phase, attempt, .. } = key;
                self.push(EventBody::SandboxSpawned {
                    phase,
                    attempt,
                    sandbox: facts,
                })
            }
            Observation::RunStarted { run, inputs } => {
                self.expect_run(run, "run started", |a| a.stage == AttemptStage::Starting)?;
                let RunKey {
                    attempt: AttemptKey { phase, attempt, .. },
                    repair,
                } = run;
                self.push(EventBody::RunStarted {
                    phase,
                    attempt,
                    repair,
                    inputs,
                })
            }
            Observation::RunEnded {
                run,
                end,
                stderr_tail,
                report,
            } => {
                self.expect_run(run, "run ended", |a| a.stage == AttemptStage::Running)?;
                let RunKey {
                    attempt: AttemptKey { phase, attempt, .. },
                    repair,
                } = run;
                let stderr_tail = shorten_front(&stderr_tail, MAX_MESSAGE_CHARS);
                let end = match end {
                    RunEnd::Lost { reason } => RunEnd::Lost {
                        reason: shorten(&reason, MAX_MESSAGE_CHARS),
                    },
                    RunEnd::Exited { .. } | RunEnd::Signaled { .. } | RunEnd::TimedOut => end,
                };
                let report = bounded_report(report);
                let outcome = report.outcome.clone();
                self.push(EventBody::RunEnded {
                    phase,
                    attempt,
                    repair,
                    end,
                    stderr_tail,
                    report,
                })?;
                match outcome {
                    RunOutcome::Done => Ok(()),
                    RunOutcome::Failed {
                        kind: kind @ FailureKind::Interrupted,
                        message,
                    } => {
                        let finding = Finding::error(INTERRUPTED, "", message.clone());
                        self.reject(run, kind, &message, vec![finding], None)
                    }
                    RunOutcome::Failed {
                        kind: kind @ FailureKind::DeadlineExceeded,
                        message,
                    } => {
                        let message = format!("{}: {message}", self.not_done_in_time());
                        self.fail(run.attempt, kind, &message, Vec::new(), None)
                    }
                    RunOutcome::Failed { kind, message } => {
                        // The next agent learns what this one could not mend by itself.
                        let findings = (kind == FailureKind::InvalidOutput)
                            .then(|| Finding::error("agent.gave_up", "", message.clone()));
                        let findings = findings.into_iter().collect();
                        self.fail(run.attempt, kind, &message, findings, None)
                    }
                }
            }
            Observation::RunStopped { run, report } => self.run_stopped(run, report),
            Observation::Judged { run, verdict } => {
                let collecting = |a: &Attempt| matches!(a.stage, AttemptStage::Collecting { .. });
                self.expect_run(run, "verdict", collecting)?;
                match verdict {
                    Verdict::Accepted { artifact } => self.accept(run.attempt, *artifact),
                    Verdict::Rejected {
                        kind,
                        message,
                        findings,
                        output,
                    } => self.reject(run, kind, &message, findings, output),
                }
            }
            Observation::EffectFailed {
                key,
                message,
                retry_after,
            } => {
                let failures = self.expect(key, "failed effect", |_| true)?.failed_effects + 1;
                let message = shorten(&message, MAX_MESSAGE_CHARS);
                if failures > MAX_FAILED_EFFECTS {
                    let message = format!("gave up after {failures} failures in a row: {message}");
                    let kind = FailureKind::SandboxUnavailable;
                    return self.fail(key, kind, &message, Vec::new(), None);
                }
                let wait = doubled(Duration::from_secs(1), failures, Duration::from_mins(1));
                let AttemptKey { phase, attempt, .. } = key;
                let not_before = self.now + wait.max(bounded(retry_after));
                self.push(EventBody::EffectFailed {
                    phase,
                    attempt,
                    message,
                    failures,
                    not_before,
                })
            }
            Observation::AttemptFailed { key, kind, message } => {
                self.expect(key, "failure", |_| true)?;
                self.fail(key, kind, &message, Vec::new(), None)
            }
            Observation::DeadlinePassed { key } => {
                let now = self.now;
                self.expect(key, "deadline", |attempt| attempt.deadline <= now)?;
                let who = self.spec.worker();
                let message = format!("{} ({who})", self.not_done_in_time());
                self.fail(
                    key,
                    FailureKind::DeadlineExceeded,
                    &message,
                    Vec::new(),
                    None,
                )
            }
            Observation::SandboxGone { key } => {
                self.expect_unsettled(key)?;
                let AttemptKey { phase, attempt, .. } = key;
                self.push(EventBody::SandboxTerminated { phase, attempt })?;
                self.finish_if_settled()
            }
            Observation::SandboxEnding {
                key,
                message,
                retry_after,
            } => {
                let asked = match self.expect_unsettled(key)? {
                    SandboxStatus::Ending { asked, .. } => asked + 1,
                    SandboxStatus::Requested
                    | SandboxStatus::Ready
                    | SandboxStatus::Gone
                    | SandboxStatus::Abandoned => 1,
                };
                let message = message.map(|message| shorten(&message, MAX_MESSAGE_CHARS));
                let AttemptKey { phase, attempt, .. } = key;
                if asked >= MAX_TERMINATIONS {
                    let message = message.unwrap_or_else(|| "never confirmed".to_owned());
                    self.push(EventBody::SandboxAbandoned {
                        phase,
                        attempt,
                        message,
                    })?;
                    return self.finish_if_settled();
                }
                let wait = doubled(Duration::from_millis(250), asked, Duration::from_secs(30));
                let ask_again_at = self.now + wait.max(bounded(retry_after));
                self.push(EventBody::SandboxEnding {
                    phase,
                    attempt,
                    asked,
                    message,
                    ask_again_at,
                })
            }
        }
    }

    fn not_done_in_time(&self) -> String {
        let seconds = self.spec.policy.attempt_timeout.as_secs();
        format!("not done within {seconds} s")
    }

    fn execute(&mut self, by: UserId) -> Result<(), Refusal> {
        self.push(EventBody::ExecutionStarted { by })?;
        self.start_phase(Phase::Explore)
    }

    fn start_phase(&mut self, phase: Phase) -> Result<(), Refusal> {
        let last = self
            .spec
            .phases
            .get(phase)
            .attempts
            .last()
            .map(|attempt| attempt.number);
        let attempt = last.unwrap_or(AttemptNumber::new(0)).next();
        let deadline = self.now + self.spec.policy.attempt_timeout;
        // SYNC asks no agent: the machine itself computes and commits.
        let agent = match phase {
            Phase::Sync => AgentName::machine(),
            Phase::Explore | Phase::Requirements | Phase::Design | Phase::Tasks => {
                self.spec.agent.clone()
            }
        };
        self.push(EventBody::PhaseStarted {
            phase,
            attempt,
            agent,
            deadline,
        })?;
        // Before anything is made for it.
        match self.used_up(phase) {
            Some(message) => {
                let key = AttemptKey {
                    spec_id: self.spec.id,
                    phase,
                    attempt,
                };
                self.fail(key, FailureKind::BudgetExceeded, &message, Vec::new(), None)
            }
            None => Ok(()),
        }
    }

    /// Counts what a run had consumed when nobody followed it any more.
    fn run_stopped(&mut self, run: RunKey, report: Box<RunReport>) -> Result<(), Refusal> {
        let key = run.attempt;
        let has_ended = self
            .spec
            .attempts()
            .find(|(candidate, _)| *candidate == key)
            .filter(|(_, attempt)| {
                // Of a run that began under an earlier version only its stage says so.
                let is_under_way = attempt.stage == AttemptStage::Running;
                attempt.uncounted == Some(run.repair)
                    || is_under_way && attempt.repair == run.repair
            })
            .map(|(_, attempt)| attempt.outcome().is_some())
            .ok_or(Refusal::Stale {
                what: "end of the run",
                key,
            })?;
        let report = bounded_report(report);
        let outcome = report.outcome.clone();
        let AttemptKey { phase, attempt, .. } = key;
        self.push(EventBody::RunStopped {
            phase,
            attempt,
            repair: run.repair,
            report,
        })?;
        if has_ended {
            return self.end_unpaid();
        }
        match outcome {
            RunOutcome::Failed { kind, message } => {
                self.fail(key, kind, &message, Vec::new(), None)
            }
            RunOutcome::Done => Ok(()),
        }
    }

    fn accept(&mut self, key: AttemptKey, artifact: Artifact) -> Result<(), Refusal> {
        let AttemptKey {
            spec_id,
            phase,
            attempt,
        } = key;
        let last = self
            .spec
            .phases
            .get(phase)
            .accepted
            .map(|accepted| accepted.version);
        let version = last.unwrap_or(ArtifactVersion::new(0)).next();
        if (artifact.spec_id, artifact.phase, artifact.version) != (spec_id, phase, version) {
            return Err(Refusal::Stale {
                what: "artifact",
                key,
            });
        }
        let content_hash = artifact.content_hash;
        self.push(EventBody::PhaseCompleted {
            phase,
            attempt,
            version,
            content_hash,
            warnings: u32::try_from(artifact.findings.len()).unwrap_or(u32::MAX),
        })?;
        self.artifacts.push(artifact);
        match self.spec.policy.gates.after(phase) {
            Gate::None => self.go_on_after(phase),
            Gate::Approve => self.push(EventBody::ApprovalRequested {
                phase,
                version,
                content_hash,
            }),
        }
    }

    fn go_on_after(&mut self, phase: Phase) -> Result<(), Refusal> {
        match phase.next() {
            Some(next) => self.start_phase(next),
            None => self.finish_if_settled(),
        }
    }

    fn reject(
        &mut self,
        run: RunKey,
        kind: FailureKind,
        message: &str,
        mut findings: Vec<Finding>,
        output: Option<String>,
    ) -> Result<(), Refusal> {
        findings.truncate(MAX_FINDINGS);
        for finding in &mut findings {
            finding.message = shorten(&finding.message, 500);
        }
        let RunKey {
            attempt: key,
            repair,
        } = run;
        let AttemptKey { phase, attempt, .. } = key;
        let repairable = matches!(
            kind,
            FailureKind::InvalidOutput | FailureKind::NoResult | FailureKind::Interrupted
        );
        if repairable
            && repair.get() < self.spec.policy.max_repairs
            && self.used_up(phase).is_none()
        {
            let repair = repair.next();
            // A session that goes on has it before it.
            let goes_on = self.expect_run(run, "verdict", |a| a.session.is_some());
            return self.push(EventBody::PhaseRepair {
                phase,
                attempt,
                repair,
                findings,
                previous: output.filter(|_| goes_on.is_err()),
            });
        }
        self.fail(key, kind, message, findings, output)
    }

    /// Ends the attempt as failed; goes on with another one or fails the phase.
    ///
    /// The rungs: the same agent in a fresh sandbox as often as the policy allows, then once the
    /// fallback agent.
    fn fail(
        &mut self,
        key: AttemptKey,
        kind: FailureKind,
        message: &str,
        findings: Vec<Finding>,
        previous: Option<String>,
    ) -> Result<(), Refusal> {
        let AttemptKey { phase, attempt, .. } = key;
        let failure = |kind, message: &str| Failure {
            phase,
            attempt,
            kind,
            message: shorten(message, MAX_MESSAGE_CHARS),
        };
        let Policy {
            max_attempts,
            backoff,
            attempt_timeout,
            fallback_agent,
            ..
        } = &self.spec.policy;
        let agent = &self.expect(key, "failure", |_| true)?.agent;
        let began_at = self.spec.phases.get(phase).began_at.get();
        let tries = attempt.get().saturating_sub(began_at).saturating_add(1);
        let is_last_rung = fallback_agent.as_ref() == Some(agent) && *agent != self.spec.agent;
        let next = if is_last_rung || phase == Phase::Sync && tries >= *max_attempts {
            None
        } else if kind.is_retryable() && tries < *max_attempts {
            Some(agent)
        } else if kind.is_of_the_agent() && phase != Phase::Sync {
            fallback_agent
                .as_ref()
                .filter(|fallback| *fallback != agent)
        } else {
            None
        };
        let Some(next) = next.cloned() else {
            let failure = failure(kind, message);
            self.push(EventBody::PhaseFailed { failure, findings })?;
            return self.finish_if_settled();
        };
        if let Some(used_up) = self.used_up(phase) {
            let message = format!("{used_up}; before that: {message}");
            let failure = failure(FailureKind::BudgetExceeded, &message);
            self.push(EventBody::PhaseFailed { failure, findings })?;
            return self.finish_if_settled();
        }
        let wait = if kind.passes_with_time() && next == *agent {
            doubled(*backoff, tries, Duration::from_hours(1))
        } else {
            Duration::ZERO
        };
        let not_before = self.now + wait;
        let deadline = not_before + *attempt_timeout;
        self.push(EventBody::PhaseRetry {
            phase,
            attempt: attempt.next(),
            agent: next,
            failure: failure(kind, message),
            findings,
            previous,
            not_before,
            deadline,
        })
    }

    /// Reaches the end the spec is heading for, once every sandbox is settled.
    fn finish_if_settled(&mut self) -> Result<(), Refusal> {
        let settled = self
            .spec
            .attempts()
            .all(|(_, attempt)| attempt.sandbox.is_settled());
        if !settled {
            return Ok(());
        }
        match (&self.spec.ending, &self.spec.failure) {
            (None, _) => Ok(()),
            (Some(Ending::Completing), _) => self.push(EventBody::ExecutionCompleted {}),
            (Some(Ending::Cancelling { .. }), _) => self.push(EventBody::ExecutionCancelled {}),
            (Some(Ending::Failing), Some(failure)) => {
                let failure = failure.clone();
                self.push(EventBody::ExecutionFailed { failure })
            }
            (Some(Ending::Failing), None) => Err(Refusal::Inconsistent),
        }
    }

    /// The attempt `key`, if it is under way and `fits`.
    fn expect(
        &self,
        key: AttemptKey,
        what: &'static str,
        fits: impl FnOnce(&Attempt) -> bool,
    ) -> Result<&Attempt, Refusal> {
        let executing = self.spec.status == SpecStatus::Executing && self.spec.ending.is_none();
        match self.spec.active_attempt() {
            Some((active, attempt)) if executing && active == key && fits(attempt) => Ok(attempt),
            _ => Err(Refusal::Stale { what, key }),
        }
    }

    fn expect_run(
        &self,
        run: RunKey,
        what: &'static str,
        fits: impl FnOnce(&Attempt) -> bool,
    ) -> Result<(), Refusal> {
        self.expect(run.attempt, what, |attempt| {
            attempt.repair == run.repair && fits(attempt)
        })?;
        Ok(())
    }

    /// Where the sandbox of an ended attempt stands, unless it is settled or still has to tell what a
    /// run consumed.
    fn expect_unsettled(&self, key: AttemptKey) -> Result<SandboxStatus, Refusal> {
        self.spec
            .attempts()
            .find(|(candidate, _)| *candidate == key)
            .filter(|(_, attempt)| attempt.outcome().is_some() && !attempt.sandbox.is_settled())
            .filter(|(_, attempt)| attempt.uncounted.is_none())
            .map(|(_, attempt)| attempt.sandbox)
            .ok_or(Refusal::Stale {
                what: "end of the sandbox",
                key,
            })
    }
}

fn ending_already(verb: &'static str, ending: &Ending) -> Refusal {
    let towards = match ending {
        Ending::Completing => "finishing",
        Ending::Failing => "failing",
        Ending::Cancelling { .. } => "being cancelled",
    };
    Refusal::EndingAlready { verb, towards }
}

fn bounded_report(mut report: Box<RunReport>) -> Box<RunReport> {
    if let RunOutcome::Failed { message, .. } = &mut report.outcome {
        *message = shorten(message, MAX_MESSAGE_CHARS);
    }
    report
}

//! The three pure functions, over whatever the world may do.

mod account;
mod review;

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use spec_core::agent::{RunOutcome, RunReport};
use spec_core::artifact::{Artifact, Author, content_hash};
use spec_core::attempt::{FailureKind, PinnedInputs, SandboxFacts, SandboxStatus};
use spec_core::check::Finding;
use spec_core::clock::Timestamp;
use spec_core::event::{EventBody, SpecEvent};
use spec_core::id::{
    AgentName, AgentSessionId, ArtifactVersion, AttemptKey, AttemptNumber, CommitId, ContentHash,
    ProjectId, RepairNumber, SandboxId, Sequence, SpecId, UserId,
};
use spec_core::machine::{
    Action, Command, Input, NewSpec, Observation, Refusal, Transition, Verdict, allowed, apply,
    due_at, launch, next_action, progress, replay,
};
use spec_core::policy::{Budget, Gate, Gates};
use spec_core::sandbox::{Isolation, Layout, Origin, RunEnd};
use spec_core::spec::{Comment, Description, PhaseState, Title};
use spec_core::{Phase, PhaseStatus, Policy, Spec, SpecStatus, Usage};
use uuid::Uuid;

/// What the world, or a person, does next; filled in from the state it meets.
#[derive(Debug, Clone, Copy)]
enum Happening {
    SandboxReady,
    RunStarted,
    RunEnded(i32),
    RunLost,
    RunInterrupted,
    RunStopped(FailureKind),
    SetBudget(u64),
    Accepted,
    Rejected(bool),
    EffectFailed,
    AttemptFailed(bool),
    DeadlinePassed,
    SandboxGone,
    SandboxEnding,
    Execute,
    Cancel,
    Archive,
    /// Of what waits, or of something else.
    Approve(bool),
    RequestChanges(bool),
    Pause,
    Resume,
    Retry(Phase),
    /// The answer that the state is waiting for.
    Cooperate,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        1 => Just(Happening::SandboxReady),
        1 => Just(Happening::RunStarted),
        1 => prop_oneof![Just(0), Just(3)].prop_map(Happening::RunEnded),
        1 => Just(Happening::RunLost),
        1 => Just(Happening::RunInterrupted),
        1 => prop_oneof![
            Just(FailureKind::TooMuchOutput),
            Just(FailureKind::AgentUnauthorized),
            Just(FailureKind::BudgetExceeded),
        ].prop_map(Happening::RunStopped),
        1 => Just(Happening::Accepted),
        2 => any::<bool>().prop_map(Happening::Rejected),
        1 => Just(Happening::EffectFailed),
        1 => any::<bool>().prop_map(Happening::AttemptFailed),
        1 => Just(Happening::DeadlinePassed),
        1 => Just(Happening::SandboxGone),
        1 => Just(Happening::SandboxEnding),
        1 => Just(Happening::Execute),
        1 => Just(Happening::Cancel),
        1 => Just(Happening::Archive),
        1 => any::<bool>().prop_map(Happening::Approve),
        40 => Just(Happening::Cooperate),
    ]
}

/// Likewise, with a person who makes it wait, and who may make it go on for ever.
fn happening_or_person() -> impl Strategy<Value = Happening> {
    prop_oneof![
        30 => happening(),
        1 => (1u64..200).prop_map(Happening::SetBudget),
        2 => any::<bool>().prop_map(Happening::Approve),
        1 => any::<bool>().prop_map(Happening::RequestChanges),
        1 => Just(Happening::Pause),
        2 => Just(Happening::Resume),
        1 => prop::sample::select(&Phase::ALL[..]).prop_map(Happening::Retry),
    ]
}

fn gates() -> impl Strategy<Value = Gates> {
    let gate = || prop_oneof![Just(Gate::None), Just(Gate::Approve)];
    (gate(), gate(), gate(), gate(), gate()).prop_map(
        |(explore, requirements, design, tasks, sync)| Gates {
            explore,
            requirements,
            design,
            tasks,
            sync,
        },
    )
}

/// What a run tells: a session that goes on in the next run, and tokens.
fn report(outcome: RunOutcome) -> Box<RunReport> {
    Box::new(RunReport {
        usage: Usage {
            input_tokens: 7,
            ..Usage::default()
        },
        session: Some(AgentSessionId::new("session").unwrap()),
        outcome,
        ..RunReport::default()
    })
}

fn failed(kind: FailureKind) -> Box<RunReport> {
    report(RunOutcome::Failed {
        kind,
        message: "no".to_owned(),
    })
}

fn user() -> UserId {
    UserId::new("u").unwrap()
}

fn start(auto_execute: bool, max_attempts: u32, max_repairs: u32) -> Transition {
    start_with(auto_execute, max_attempts, max_repairs, Gates::default())
}

fn start_with(auto_execute: bool, max_attempts: u32, max_repairs: u32, gates: Gates) -> Transition {
    let new = NewSpec {
        id: SpecId::from_uuid(Uuid::from_u128(1)),
        project_id: ProjectId::new("p").unwrap(),
        owner: user(),
        title: Title::new("t").unwrap(),
        description: Description::new(" as typed \n").unwrap(),
        policy: Policy {
            max_attempts,
            max_repairs,
            gates,
            fallback_agent: (max_repairs == 2).then(|| AgentName::new("fallback").unwrap()),
            ..Policy::default()
        },
        agent: AgentName::new("a").unwrap(),
        auto_execute,
    };
    launch(new, Timestamp::from_micros(1_000_000)).unwrap()
}

/// The attempt that an observation may be about: the one under way, else the last, else none.
fn some_attempt(spec: &Spec) -> AttemptKey {
    let last = spec.attempts().last().map(|(key, _)| key);
    spec.active_attempt()
        .map(|(key, _)| key)
        .or(last)
        .unwrap_or(AttemptKey {
            spec_id: spec.id,
            phase: Phase::Explore,
            attempt: AttemptNumber::new(1),
        })
}

fn unsettled(spec: &Spec) -> Option<AttemptKey> {
    spec.attempts()
        .find(|(_, a)| a.outcome().is_some() && !a.sandbox.is_settled())
        .map(|(key, _)| key)
}

fn comment() -> Comment {
    Comment::new("name the owner\n").unwrap()
}

/// The phase that a person looks at, and what they see of it.
fn seen(spec: &Spec, knows: bool) -> (Phase, ContentHash) {
    let phase = spec.current_phase().unwrap_or(Phase::Explore);
    let accepted = spec.phases.get(phase).accepted.filter(|_| knows);
    let content_hash = accepted.map_or(ContentHash::of(b""), |accepted| accepted.content_hash);
    (phase, content_hash)
}

#[expect(clippy::too_many_lines, reason = "one arm per happening")]
fn input(spec: &Spec, happening: Happening, now: Timestamp) -> Option<Input> {
    let key = some_attempt(spec);
    let repair = spec
        .active_attempt()
        .map_or(RepairNumber::new(0), |(_, a)| a.repair);
    let run = key.run_key(repair);
    let observation = match happening {
        Happening::SandboxReady => Observation::SandboxReady {
            key,
            facts: SandboxFacts {
                id: SandboxId::new(format!("sb-{}-{}", key.phase, key.attempt)).unwrap(),
                origin: Origin::Created,
                commit: CommitId::new("c".repeat(40)).unwrap(),
                layout: Layout {
                    root: "/s".to_owned(),
                    repository: "/s/repo".to_owned(),
                },
                isolation: Isolation::none(),
            },
        },
        Happening::RunStarted => Observation::RunStarted {
            run,
            inputs: PinnedInputs {
                prompt_hash: ContentHash::of(b"p"),
                prompt_version: "2".to_owned(),
                schema_hash: ContentHash::of(b"s"),
            },
        },
        Happening::RunEnded(code) => Observation::RunEnded {
            run,
            end: RunEnd::Exited { code },
            stderr_tail: "tail".to_owned(),
            report: if code == 0 {
                report(RunOutcome::Done)
            } else {
                failed(FailureKind::AgentFailed)
            },
        },
        Happening::RunLost => Observation::RunEnded {
            run,
            end: RunEnd::Lost {
                reason: "stopped".to_owned(),
            },
            stderr_tail: String::new(),
            report: failed(FailureKind::SandboxLost),
        },
        Happening::RunInterrupted => Observation::RunEnded {
            run,
            end: RunEnd::Signaled { signal: 9 },
            stderr_tail: String::new(),
            report: failed(FailureKind::Interrupted),
        },
        Happening::RunStopped(kind) => {
            let uncounted = spec
                .attempts()
                .find_map(|(key, attempt)| Some(key.run_key(attempt.uncounted?)));
            Observation::RunStopped {
                run: uncounted.unwrap_or(run),
                report: failed(kind),
            }
        }
        Happening::SetBudget(tokens) => {
            return Some(Input::Command(Command::SetBudget {
                by: user(),
                budget: Some(Budget {
                    tokens: Some(tokens),
                    cost_micro_usd: None,
                }),
                phase_budget: None,
            }));
        }
        Happening::Accepted => {
            let content = json!({"phase": key.phase});
            let last = spec.phases.get(key.phase).accepted.map(|a| a.version);
            let artifact = Box::new(Artifact {
                spec_id: spec.id,
                phase: key.phase,
                version: last.unwrap_or(ArtifactVersion::new(0)).next(),
                content_hash: content_hash(&content),
                content,
                author: Author::Agent {
                    name: spec.agent.clone(),
                    attempt: key.attempt,
                },
                findings: Vec::new(),
                created_at: now,
            });
            Observation::Judged {
                run,
                verdict: Verdict::Accepted { artifact },
            }
        }
        Happening::Rejected(repairable) => Observation::Judged {
            run,
            verdict: Verdict::Rejected {
                kind: if repairable {
                    FailureKind::InvalidOutput
                } else {
                    FailureKind::AgentFailed
                },
                message: "no".to_owned(),
                findings: vec![Finding::error("schema.type", "/a", "wrong")],
                output: Some("{}".to_owned()),
            },
        },
        Happening::EffectFailed => Observation::EffectFailed {
            key,
            message: "down".to_owned(),
            retry_after: Some(Duration::from_secs(3)),
        },
        Happening::AttemptFailed(retryable) => Observation::AttemptFailed {
            key,
            kind: if retryable {
                FailureKind::SandboxLost
            } else {
                FailureKind::CheckoutRejected
            },
            message: "no".to_owned(),
        },
        Happening::DeadlinePassed => Observation::DeadlinePassed { key },
        Happening::SandboxGone => Observation::SandboxGone {
            key: unsettled(spec).unwrap_or(key),
        },
        Happening::SandboxEnding => Observation::SandboxEnding {
            key: unsettled(spec).unwrap_or(key),
            message: None,
            retry_after: None,
        },
        Happening::Execute => return Some(Input::Command(Command::Execute { by: user() })),
        Happening::Cancel => {
            let reason = Some("changed my mind".to_owned());
            return Some(Input::Command(Command::Cancel { by: user(), reason }));
        }
        Happening::Archive => return Some(Input::Command(Command::Archive { by: user() })),
        Happening::Approve(knows) => {
            let (phase, content_hash) = seen(spec, knows);
            return Some(Input::Command(Command::Approve {
                by: user(),
                phase,
                content_hash,
            }));
        }
        Happening::RequestChanges(knows) => {
            let (phase, content_hash) = seen(spec, knows);
            return Some(Input::Command(Command::RequestChanges {
                by: user(),
                phase,
                content_hash,
                comment: comment(),
            }));
        }
        Happening::Pause => return Some(Input::Command(Command::Pause { by: user() })),
        Happening::Resume => return Some(Input::Command(Command::Resume { by: user() })),
        Happening::Retry(phase) => {
            return Some(Input::Command(Command::Retry {
                by: user(),
                phase,
                feedback: Some(comment()),
            }));
        }
        Happening::Cooperate => {
            let answer = match next_action(spec, now) {
                Action::Spawn(_) => Happening::SandboxReady,
                Action::Start(_) => Happening::RunStarted,
                Action::Follow { .. } => Happening::RunEnded(0),
                Action::Evaluate(_) | Action::Sync(_) => Happening::Accepted,
                Action::Expire(_) => Happening::DeadlinePassed,
                Action::Account(_) => Happening::RunStopped(FailureKind::Interrupted),
                Action::Terminate(_) => Happening::SandboxGone,
                Action::SleepUntil(_) | Action::Nothing => return None,
            };
            return input(spec, answer, now);
        }
    };
    Some(Input::Observation(observation))
}

/// A spec with all that has happened to it.
struct History {
    spec: Spec,
    events: Vec<SpecEvent>,
    now: Timestamp,
}

impl History {
    fn begin(transition: Transition) -> Self {
        let now = transition.spec.created_at;
        let mut history = Self {
            spec: transition.spec.clone(),
            events: Vec::new(),
            now,
        };
        history.take(transition);
        history
    }

    fn take(&mut self, transition: Transition) {
        for event in transition.events {
            let sequence = Sequence::new(u32::try_from(self.events.len()).unwrap() + 1);
            self.events
                .push(event.at_sequence(transition.spec.id, sequence));
        }
        self.spec = transition.spec;
    }

    /// Lets something happen. Refusals leave everything as it is.
    fn happen(&mut self, happening: Happening) {
        let Some(input) = input(&self.spec, happening, self.now) else {
            if let Action::SleepUntil(at) = next_action(&self.spec, self.now) {
                self.now = self.now.max(at);
            }
            return;
        };
        if let Ok(transition) = apply(&self.spec, input, self.now) {
            assert_eq!(transition.from, self.spec.revision);
            if transition.events.is_empty() {
                assert_eq!(transition.spec, self.spec);
            } else {
                assert_eq!(transition.spec.revision, self.spec.revision.next());
            }
            self.take(transition);
        }
    }

    fn check(&self) {
        let spec = &self.spec;
        let open: Vec<_> = spec
            .attempts()
            .filter(|(_, a)| a.outcome().is_none())
            .collect();
        assert!(open.len() <= 1, "more than one attempt is under way");
        if spec.status.is_terminal() {
            assert!(open.is_empty());
            assert!(
                spec.attempts().all(|(_, a)| a.sandbox.is_settled()),
                "a sandbox is left"
            );
            assert_eq!(next_action(spec, self.now), Action::Nothing);
            assert_eq!(due_at(spec), None);
        }
        self.check_account();
        let done: Vec<_> = spec
            .phases
            .iter()
            .map(|(_, s)| s.status == PhaseStatus::Completed)
            .collect();
        assert!(
            done.windows(2).all(|w| w[0] || !w[1]),
            "a phase overtook another"
        );
        for (phase, state) in spec.phases.iter() {
            let numbers: Vec<_> = state.attempts.iter().map(|a| a.number.get()).collect();
            assert!(
                numbers
                    .iter()
                    .copied()
                    .eq(1..=u32::try_from(numbers.len()).unwrap())
            );
            match state.status {
                PhaseStatus::Completed | PhaseStatus::AwaitingApproval | PhaseStatus::Stale => {
                    assert!(state.accepted.is_some(), "{phase}");
                }
                PhaseStatus::Pending => assert!(state.accepted.is_none(), "{phase}"),
                PhaseStatus::Running | PhaseStatus::Failed => {}
                PhaseStatus::AwaitingAnswers => panic!("nobody asks yet"),
            }
            // Nothing passes a gate without an approval of exactly that.
            let has_gate = spec.policy.gates.after(phase) != Gate::None;
            if has_gate && state.status == PhaseStatus::Completed {
                let approved = state.approval.as_ref().map(|a| (a.version, a.content_hash));
                let accepted = state.accepted.map(|a| (a.version, a.content_hash));
                assert_eq!(approved, accepted, "{phase}");
            }
            assert!(state.feedback.len() <= PhaseState::MAX_FEEDBACK);
            assert_eq!(
                state.status == PhaseStatus::AwaitingApproval,
                spec.status == SpecStatus::AwaitingApproval && spec.current_phase() == Some(phase),
                "{phase}"
            );
        }
        assert_eq!(
            spec.status == SpecStatus::Completed,
            progress(spec).percent == 100
        );
        assert_eq!(spec.description.as_str(), " as typed \n");
        // What waits for a person costs nothing, once its sandbox is gone.
        let is_unsettled = spec.attempts().any(|(_, a)| !a.sandbox.is_settled());
        let owed = match spec.status {
            SpecStatus::Executing => true,
            SpecStatus::Paused | SpecStatus::AwaitingApproval => is_unsettled,
            _ => false,
        };
        assert_eq!(
            due_at(spec).is_some(),
            owed,
            "{:?} is stuck or busy",
            spec.status
        );
        self.check_allowed();
    }

    /// What is said to be allowed is taken, and nothing else is.
    fn check_allowed(&self) {
        let spec = &self.spec;
        let allowed = allowed(spec);
        let is_taken = |happening| {
            let input = input(spec, happening, spec.updated_at).unwrap();
            apply(spec, input, spec.updated_at).is_ok_and(|t| !t.events.is_empty())
        };
        assert_eq!(allowed.execute, is_taken(Happening::Execute));
        assert_eq!(allowed.cancel, is_taken(Happening::Cancel));
        assert_eq!(allowed.pause, is_taken(Happening::Pause));
        assert_eq!(allowed.resume, is_taken(Happening::Resume));
        assert_eq!(allowed.archive, is_taken(Happening::Archive));
        let waits = (spec.status == SpecStatus::AwaitingApproval).then(|| seen(spec, true).0);
        assert_eq!(allowed.approve, waits);
        let again = is_taken(Happening::RequestChanges(true));
        assert_eq!(allowed.request_changes, waits.filter(|_| again));
        let again = |phase: &Phase| is_taken(Happening::Retry(*phase));
        let phases: Vec<_> = Phase::ALL.into_iter().filter(again).collect();
        assert_eq!(allowed.retry, phases);
        let unlimited = Command::SetBudget {
            by: spec.owner.clone(),
            budget: Some(Budget::default()),
            phase_budget: Some(Budget::default()),
        };
        let raised = apply(spec, Input::Command(unlimited), spec.updated_at);
        assert_eq!(allowed.set_budget, raised.is_ok());
    }

    /// Every run is counted once, in its attempt, its phase and the spec.
    fn check_account(&self) {
        let spec = &self.spec;
        let mut started = BTreeSet::new();
        let mut counted = BTreeSet::new();
        for event in &self.events {
            match event.body {
                EventBody::RunStarted {
                    phase,
                    attempt,
                    repair,
                    ..
                } => {
                    started.insert((phase, attempt, repair));
                }
                EventBody::RunEnded {
                    phase,
                    attempt,
                    repair,
                    ..
                }
                | EventBody::RunStopped {
                    phase,
                    attempt,
                    repair,
                    ..
                } => assert!(
                    counted.insert((phase, attempt, repair)),
                    "a run was counted twice"
                ),
                _ => {}
            }
        }
        let uncounted = spec
            .attempts()
            .filter_map(|(key, a)| Some((key.phase, key.attempt, a.uncounted?)));
        let uncounted: BTreeSet<_> = uncounted.collect();
        assert!(uncounted.is_disjoint(&counted));
        let known: BTreeSet<_> = counted.union(&uncounted).copied().collect();
        assert!(known.is_superset(&started), "a run was forgotten");
        assert_eq!(spec.usage.tokens(), 7 * counted.len() as u64);
        let of_phases = spec.phases.iter().map(|(_, phase)| phase.usage.tokens());
        assert_eq!(of_phases.sum::<u64>(), spec.usage.tokens());
        let of_attempts = spec.attempts().map(|(_, attempt)| attempt.usage.tokens());
        assert_eq!(of_attempts.sum::<u64>(), spec.usage.tokens());
        // A runner that is gone cannot count; what nobody counts any more is settled or given up.
        if spec.status.is_terminal() {
            assert_eq!(uncounted, BTreeSet::new(), "a run was never counted");
        }
    }

    fn check_replay(&self) {
        // Through JSON, as a store would.
        let stored: Vec<SpecEvent> = self
            .events
            .iter()
            .map(|event| serde_json::from_str(&serde_json::to_string(event).unwrap()).unwrap())
            .collect();
        assert_eq!(stored, self.events);
        assert_eq!(replay(&stored).unwrap(), self.spec);
        let state = serde_json::to_string(&self.spec).unwrap();
        assert_eq!(serde_json::from_str::<Spec>(&state).unwrap(), self.spec);
    }

    /// Steps until nothing is owed any more.
    fn run_to_the_end(&mut self, mut world: impl FnMut(usize) -> Happening) -> usize {
        for step in 0..10_000 {
            match next_action(&self.spec, self.now) {
                Action::Nothing => return step,
                Action::SleepUntil(at) => {
                    assert!(at > self.now, "sleeps into the past");
                    self.now = at;
                }
                Action::Spawn(_)
                | Action::Start(_)
                | Action::Follow { .. }
                | Action::Evaluate(_)
                | Action::Sync(_)
                | Action::Account(_)
                | Action::Expire(_)
                | Action::Terminate(_) => {
                    self.now = self.now + Duration::from_millis(1);
                    self.happen(world(step));
                }
            }
        }
        panic!("no end after 10,000 steps: {:?}", self.spec);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_inputs_is_refused_or_keeps_the_invariants(
        auto_execute in any::<bool>(),
        attempts in 1u32..4,
        repairs in 0u32..3,
        gates in gates(),
        happenings in prop::collection::vec((happening_or_person(), 0u64..20_000), 0..160),
    ) {
        let mut history = History::begin(start_with(auto_execute, attempts, repairs, gates));
        history.check();
        for (happening, millis) in happenings {
            history.now = history.now + Duration::from_millis(millis);
            history.happen(happening);
            history.check();
        }
        history.check_replay();
    }

    #[test]
    fn every_reachable_state_leads_to_an_end(
        attempts in 1u32..4,
        repairs in 0u32..3,
        happenings in prop::collection::vec(happening(), 0..60),
        fates in prop::collection::vec(happening(), 1..40),
    ) {
        let mut history = History::begin(start(true, attempts, repairs));
        for happening in happenings {
            history.happen(happening);
        }
        // A world that goes on doing anything, as long as it now and then does what is owed.
        history.run_to_the_end(|step| match step % 3 {
            0 => Happening::Cooperate,
            _ => fates[step % fates.len()],
        });
        prop_assert!(history.spec.status.is_terminal(), "{:?}", history.spec.status);
        history.check();
        history.check_replay();
    }

    #[test]
    fn due_at_does_not_depend_on_who_asks_when(
        happenings in prop::collection::vec(happening(), 0..60),
        later in 0u64..10_000_000,
    ) {
        let mut history = History::begin(start(true, 3, 2));
        for happening in happenings {
            history.happen(happening);
        }
        // Once due, always due: a store may keep the value that it computed at the commit.
        if let Some(due) = due_at(&history.spec) {
            let now = due.max(history.now) + Duration::from_micros(later);
            prop_assert!(!matches!(
                next_action(&history.spec, now),
                Action::Nothing
            ));
        }
    }
}

#[test]
fn a_world_that_cooperates_completes_all_phases_with_one_attempt_each() {
    let mut history = History::begin(start(true, 3, 2));
    history.run_to_the_end(|_| Happening::Cooperate);
    assert_eq!(history.spec.status, SpecStatus::Completed);
    assert_eq!(history.spec.attempts().count(), 5);
    assert!(
        history
            .spec
            .attempts()
            .all(|(_, a)| a.sandbox == SandboxStatus::Gone)
    );
    assert_eq!(history.spec.usage.input_tokens, 35);
    let names: Vec<_> = history
        .events
        .iter()
        .map(|event| event.body.name())
        .collect();
    assert_eq!(
        names[..3],
        [
            "spec.created",
            "spec.execution_started",
            "spec.phase_started"
        ]
    );
    assert_eq!(names.last(), Some(&"spec.execution_completed"));
    history.check_replay();
}

#[test]
fn a_refused_output_is_repaired_then_tried_afresh_then_failed() {
    let mut history = History::begin(start(true, 2, 1));
    for _attempt in 0..2 {
        for _run in 0..2 {
            while !matches!(next_action(&history.spec, history.now), Action::Evaluate(_)) {
                history.happen(Happening::Cooperate);
            }
            history.happen(Happening::Rejected(true));
        }
    }
    history.run_to_the_end(|_| Happening::Cooperate);
    assert_eq!(history.spec.status, SpecStatus::Failed);
    let failure = history.spec.failure.clone().unwrap();
    assert_eq!(
        (failure.phase, failure.kind),
        (Phase::Explore, FailureKind::InvalidOutput)
    );
    let explore = history.spec.phases.get(Phase::Explore);
    assert_eq!(explore.attempts.len(), 2);
    assert!(
        explore
            .attempts
            .iter()
            .all(|attempt| attempt.repair.get() == 1)
    );
    let names: Vec<_> = history
        .events
        .iter()
        .map(|event| event.body.name())
        .collect();
    assert_eq!(
        names
            .iter()
            .filter(|name| **name == "spec.phase_repair")
            .count(),
        2
    );
    assert_eq!(
        names
            .iter()
            .filter(|name| **name == "spec.phase_retry")
            .count(),
        1
    );
}

/// A history that evaluates next.
fn until_evaluated(history: &mut History) {
    while !matches!(next_action(&history.spec, history.now), Action::Evaluate(_)) {
        history.happen(Happening::Cooperate);
    }
}

fn names(history: &History) -> Vec<&'static str> {
    let events = history.events.iter();
    events.map(|event| event.body.name()).collect()
}

#[test]
fn after_the_last_attempt_the_fallback_agent_has_one() {
    let mut history = History::begin(start(true, 2, 2));
    for _run in 0..9 {
        until_evaluated(&mut history);
        history.happen(Happening::Rejected(true));
    }
    history.run_to_the_end(|_| Happening::Cooperate);
    assert_eq!(history.spec.status, SpecStatus::Failed);
    let explore = history.spec.phases.get(Phase::Explore);
    let agents: Vec<_> = explore.attempts.iter().map(|a| a.agent.as_str()).collect();
    assert_eq!(agents, ["a", "a", "fallback"]);
    assert!(explore.attempts.iter().all(|a| a.repair.get() == 2));
}

#[test]
fn a_bad_key_is_not_tried_again_but_another_agent_is() {
    let mut history = History::begin(start(true, 3, 2));
    history.happen(Happening::Cooperate);
    history.happen(Happening::Cooperate);
    history.happen(Happening::RunStopped(FailureKind::AgentUnauthorized));
    let explore = history.spec.phases.get(Phase::Explore);
    let agents: Vec<_> = explore.attempts.iter().map(|a| a.agent.as_str()).collect();
    assert_eq!(agents, ["a", "fallback"]);
    assert_eq!(explore.attempts[1].not_before, history.now);

    let mut history = History::begin(start(true, 3, 0));
    history.happen(Happening::Cooperate);
    history.happen(Happening::Cooperate);
    history.happen(Happening::RunStopped(FailureKind::AgentUnauthorized));
    history.run_to_the_end(|_| Happening::Cooperate);
    assert_eq!(history.spec.attempts().count(), 1);
    let failure = history.spec.failure.clone().unwrap();
    assert_eq!(failure.kind, FailureKind::AgentUnauthorized);
}

#[test]
fn an_interrupted_run_goes_on_in_its_session_with_nothing_to_mend() {
    let mut history = History::begin(start(true, 1, 1));
    history.happen(Happening::Cooperate);
    history.happen(Happening::Cooperate);
    history.happen(Happening::RunInterrupted);
    let (_, attempt) = history.spec.active_attempt().unwrap();
    assert_eq!(attempt.repair.get(), 1);
    assert_eq!(attempt.session.as_ref().unwrap().as_str(), "session");
    assert_eq!(attempt.session_usage.tokens(), 7);
    assert_eq!(attempt.findings[0].rule, "agent.interrupted");
    history.run_to_the_end(|_| Happening::Cooperate);
    assert_eq!(history.spec.status, SpecStatus::Completed);
    assert_eq!(history.spec.usage.tokens(), 6 * 7);
}

#[test]
fn a_refused_output_is_shown_to_the_next_attempt_until_that_has_it() {
    let mut history = History::begin(start(true, 2, 1));
    until_evaluated(&mut history);
    history.happen(Happening::Rejected(true));
    // The session has it before it.
    assert_eq!(history.spec.active_attempt().unwrap().1.previous, None);
    until_evaluated(&mut history);
    history.happen(Happening::Rejected(true));
    let previous = |history: &History| history.spec.active_attempt().unwrap().1.previous.clone();
    assert_eq!(previous(&history).as_deref(), Some("{}"));
    until_evaluated(&mut history);
    assert_eq!(previous(&history), None);
    history.check_replay();
}

#[test]
fn a_sandbox_that_never_confirms_its_end_is_left_to_the_reaper() {
    let mut history = History::begin(start(true, 1, 0));
    history.happen(Happening::Cooperate);
    history.happen(Happening::Cancel);
    assert_eq!(history.spec.status, SpecStatus::Executing);
    assert_eq!(progress(&history.spec).headline, "Cancelling");
    // Nothing tells that its run was not started.
    history.happen(Happening::Cooperate);
    history.run_to_the_end(|_| Happening::SandboxEnding);
    assert_eq!(history.spec.status, SpecStatus::Cancelled);
    let (_, attempt) = history.spec.attempts().next().unwrap();
    assert_eq!(attempt.sandbox, SandboxStatus::Abandoned);
    // Long enough for a provider that is slow to delete.
    assert!(history.now.since(history.spec.created_at) > Duration::from_mins(3));
}

#[test]
fn commands_that_are_not_available_yet_are_refused_clearly() {
    let spec = start(true, 1, 0).spec;
    let commands = [
        Command::Answer {
            by: user(),
            question: "Q-001".parse().unwrap(),
            answer: "yes".to_owned(),
        },
        Command::Edit {
            by: user(),
            phase: Phase::Explore,
            content_hash: ContentHash::of(b""),
            content: json!({}),
        },
    ];
    for command in commands {
        let verb = command.verb();
        let refusal = apply(&spec, Input::Command(command), spec.updated_at).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            format!("`{verb}` is not available in this version")
        );
    }
}

#[test]
fn an_event_of_an_unknown_kind_cannot_be_read_as_something_else() {
    let text = r#"{"spec_id":"00000000-0000-0000-0000-000000000001","sequence":1,
        "at":"2026-01-01T00:00:00Z","revision":1,"type":"spec.teleported","data":{}}"#;
    assert!(serde_json::from_str::<SpecEvent>(text).is_err());
}

//! Specs and changes for the suite, made by the machine itself.

use std::time::Duration;

use serde_json::json;

use crate::agent::{
    AgentEnd, AgentEvent, AgentResult, ResultKind, RunOutcome, RunRecord, RunReport,
};
use crate::artifact::{Artifact, Author, content_hash};
use crate::attempt::{FailureKind, PinnedInputs, SandboxFacts};
use crate::clock::{IdGenerator, Timestamp, UuidV7Generator};
use crate::event::{EventBody, NewEvent, ProgressItem, ProgressKind};
use crate::finding::Finding;
use crate::id::{
    AgentName, AgentSessionId, ArtifactVersion, AttemptKey, CommitId, ContentHash, OutputCursor,
    ProjectId, RunKey, RunnerId, SandboxId, SpecId, UserId,
};
use crate::machine::{
    Action, Command, Input, NewSpec, Observation, Transition, Verdict, apply, launch, next_action,
};
use crate::policy::Policy;
use crate::sandbox::{Isolation, Layout, Origin, RunEnd, SandboxRef};
use crate::spec::{Description, Spec, Title};
use crate::store::{Checkpoint, Create};
use crate::usage::{Tokens, UsageReport, UsageScope};

pub(super) fn spec_id() -> SpecId {
    SpecId::from_uuid(UuidV7Generator.uuid())
}

pub(super) fn runner_id() -> RunnerId {
    RunnerId::from_uuid(UuidV7Generator.uuid())
}

pub(super) fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// A spec that starts at once.
pub(super) fn new_spec() -> NewSpec {
    NewSpec {
        id: spec_id(),
        project_id: ProjectId::new("github.com/acme/api").unwrap(),
        owner: user("ada"),
        title: Title::new("Export invoices").unwrap(),
        description: Description::new("Let people export invoices as CSV.").unwrap(),
        policy: Policy::default(),
        agent: AgentName::new("scripted").unwrap(),
        auto_execute: true,
    }
}

pub(super) fn create(new: NewSpec, now: Timestamp) -> Create {
    let Transition { spec, events, .. } = launch(new, now).unwrap();
    Create {
        spec,
        events,
        idempotency_key: None,
        runner: None,
    }
}

/// What becomes of `spec` when the effect that is owed next succeeds.
pub(super) fn step(spec: &Spec, now: Timestamp) -> Transition {
    let observation = match next_action(spec, now) {
        Action::Spawn(key) => Observation::SandboxReady {
            key,
            facts: SandboxFacts {
                id: SandboxId::new(key.sandbox_key().to_string()).unwrap(),
                origin: Origin::Created,
                commit: CommitId::new("2f1c9e6d0b7a4c83e5f6a7b8c9d0e1f2a3b4c5d6").unwrap(),
                layout: Layout {
                    root: "/work".to_owned(),
                    repository: "/work/repo".to_owned(),
                },
                isolation: Isolation::none(),
            },
        },
        Action::Start(run) => Observation::RunStarted {
            run,
            inputs: PinnedInputs {
                prompt_hash: ContentHash::of(b"prompt"),
                prompt_version: "2".to_owned(),
                schema_hash: ContentHash::of(b"schema"),
            },
        },
        Action::Follow { run, .. } => Observation::RunEnded {
            run,
            end: RunEnd::Exited { code: 0 },
            stderr_tail: "done ✓".to_owned(),
            report: report(),
        },
        Action::Evaluate(run) | Action::Sync(run) => {
            let last = spec.phases.get(run.attempt.phase).accepted;
            let version = last.map_or(ArtifactVersion::new(0), |last| last.version);
            let artifact = Box::new(artifact(run.attempt, version.next(), now));
            Observation::Judged {
                run,
                verdict: Verdict::Accepted { artifact },
            }
        }
        Action::Terminate(SandboxRef { key, .. }) => {
            Observation::SandboxGone { key: key.attempt() }
        }
        Action::Account(run) => Observation::RunStopped {
            run,
            report: report(),
        },
        action @ (Action::Expire(_) | Action::SleepUntil(_) | Action::Nothing) => {
            panic!("spec {} cannot go on: {action:?}", spec.id)
        }
    };
    apply(spec, Input::Observation(observation), now).unwrap()
}

/// As [`step`], until the step that stores an artifact.
pub(super) fn steps_to_artifact(spec: &Spec, now: Timestamp) -> Vec<Transition> {
    let mut steps = vec![step(spec, now)];
    while let Some(last) = steps.last()
        && last.artifacts.is_empty()
    {
        steps.push(step(&last.spec, now));
    }
    steps
}

/// Several transitions, each made from the state after the one before, as one.
pub(super) fn merged(transitions: Vec<Transition>) -> Transition {
    transitions
        .into_iter()
        .reduce(|mut all, next| {
            assert_eq!(all.spec.revision, next.from);
            all.spec = next.spec;
            all.events.extend(next.events);
            all.artifacts.extend(next.artifacts);
            all
        })
        .unwrap()
}

/// What becomes of `spec` when its next effect fails and is to be tried again after `wait`.
pub(super) fn failed_effect(spec: &Spec, wait: Duration, now: Timestamp) -> Transition {
    let observation = Observation::EffectFailed {
        key: active(spec),
        message: "the provider is busy".to_owned(),
        retry_after: Some(wait),
    };
    apply(spec, Input::Observation(observation), now).unwrap()
}

pub(super) fn command(spec: &Spec, command: Command, now: Timestamp) -> Transition {
    apply(spec, Input::Command(command), now).unwrap()
}

pub(super) fn cancel(spec: &Spec, by: &str, now: Timestamp) -> Transition {
    let by = user(by);
    command(spec, Command::Cancel { by, reason: None }, now)
}

pub(super) fn artifact(key: AttemptKey, version: ArtifactVersion, now: Timestamp) -> Artifact {
    let AttemptKey {
        spec_id,
        phase,
        attempt,
    } = key;
    let content = json!({
        "phase": phase.as_str(),
        "version": version.get(),
        "text": "naïve — 日本語 🦀 \"quoted\"\n",
        "numbers": [0, -1, 1.5, 9_007_199_254_740_993_u64, i64::MIN, u64::MAX],
        "empty": {"list": [], "nothing": null},
    });
    Artifact {
        spec_id,
        phase,
        version,
        content_hash: content_hash(&content),
        content,
        author: Author::Agent {
            name: AgentName::new("scripted").unwrap(),
            attempt,
        },
        findings: vec![
            Finding::warning("style.vague", "/text", "is vague").with_fix("say what is meant"),
        ],
        created_at: now,
    }
}

pub(super) fn progress(spec: &Spec, text: &str, now: Timestamp) -> NewEvent {
    let AttemptKey { phase, attempt, .. } = active(spec);
    NewEvent {
        at: now,
        revision: spec.revision,
        body: EventBody::Progress {
            phase,
            attempt,
            repair: run(spec).repair,
            items: vec![ProgressItem {
                kind: ProgressKind::Message,
                text: text.to_owned(),
                permille: Some(250),
            }],
            omitted: 3,
        },
    }
}

pub(super) fn checkpoint(spec: &Spec, line: u64) -> Checkpoint {
    Checkpoint {
        run: run(spec),
        cursor: OutputCursor::new(format!("line {line}")).unwrap(),
        bytes: line * 80,
        items: line,
        record: record(),
        stderr_tail: format!("said at line {line}"),
    }
}

fn active(spec: &Spec) -> AttemptKey {
    spec.active_attempt().unwrap().0
}

fn run(spec: &Spec) -> RunKey {
    let (key, attempt) = spec.active_attempt().unwrap();
    key.run_key(attempt.repair)
}

/// What a run tells that tells everything.
fn told() -> Vec<AgentEvent> {
    let usage = |scope, cost_micro_usd| {
        AgentEvent::Usage(UsageReport {
            scope,
            model: None,
            tokens: Tokens {
                input: 1200,
                cached_input: 800,
                cache_write: 100,
                output: 300,
            },
            cost_micro_usd,
        })
    };
    vec![
        AgentEvent::Started {
            session: Some(AgentSessionId::new("session ✓").unwrap()),
            version: Some("1.2.3".to_owned()),
            model: Some("model-5".to_owned()),
        },
        usage(UsageScope::Message("message 1".to_owned()), None),
        usage(UsageScope::Run, Some(4_500)),
        AgentEvent::Result(AgentResult {
            kind: ResultKind::Structured,
            text: String::new(),
        }),
        AgentEvent::Unknown,
        AgentEvent::Ended(AgentEnd::Failed {
            kind: FailureKind::ModelUnavailable,
            message: "too busy".to_owned(),
        }),
    ]
}

fn record() -> RunRecord {
    let mut record = RunRecord::default();
    let before = OutputCursor::new("line 1").unwrap();
    for event in told() {
        record.note(event, Some(&before), |_| None);
    }
    record
}

fn report() -> Box<RunReport> {
    Box::new(record().report(RunOutcome::Done))
}

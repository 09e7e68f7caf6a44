//! The driver: what it does with agents that do well, badly, or nothing.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::json;
use spec_core::artifact::PhaseOutput;
use spec_core::attempt::FailureKind;
use spec_core::event::EventBody;
use spec_core::id::{AttemptKey, AttemptNumber, RepairNumber, Sequence};
use spec_core::sandbox::RunEnd;
use spec_core::store::SpecQuery;
use spec_core::testing::{RunScript, ScriptedRun, ScriptedSpawner, demo, fixture};
use spec_core::{Error, Launched, Phase, Policy, SpecStatus, SpecStore};
use tokio_util::sync::CancellationToken;

use crate::scene::{World, user};

fn one_try() -> Policy {
    Policy {
        max_attempts: 1,
        max_repairs: 0,
        ..Policy::default()
    }
}

#[tokio::test]
async fn a_launched_spec_goes_through_all_phases_with_a_sandbox_each() {
    let world = World::new(demo::good_run);
    let id = world.launch(Policy::default()).await;
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    world.check_ended(&spec).await;
    assert_eq!(world.spawner.all_created().len(), 5);
    assert_eq!(world.spawner.terminated().len(), 5);
    assert_eq!(
        spec.commit.as_ref().unwrap().as_str(),
        ScriptedSpawner::COMMIT
    );
    // Four phases with an agent, a hundred tokens each.
    assert_eq!(spec.usage.input_tokens, 400);

    let artifacts = world.machine().artifacts(id).await.unwrap();
    assert_eq!(artifacts.len(), 5);
    let Ok(PhaseOutput::Sync(sync)) = artifacts[4].output() else {
        panic!("no sync output")
    };
    assert!(sync.ready_for_execution, "{:?}", sync.blockers);
    assert_eq!(
        sync.repository_commit.unwrap().branch,
        "spec/search-history"
    );
}

#[tokio::test]
async fn run_drives_what_is_launched_and_gives_back_what_it_holds() {
    let world = World::in_real_time(|run: &ScriptedRun| match run.key.attempt.phase {
        Phase::Design => RunScript::hangs(),
        _ => demo::good_run(run),
    });
    let machine = world.machine();
    let token = CancellationToken::new();
    let running = {
        let (machine, token) = (machine.clone(), token.clone());
        async move { machine.run(token).await }
    };
    let story = async {
        let id = world.launch(Policy::default()).await;
        let mut events = machine.watch(id, Sequence::default());
        let mut next = 1;
        while let Some(event) = events.next().await {
            let event = event.unwrap();
            assert_eq!(event.sequence.get(), next);
            next += 1;
            let design = |phase| phase == Phase::Design;
            if matches!(event.body, EventBody::RunStarted { phase, .. } if design(phase)) {
                break;
            }
        }
        token.cancel();
        id
    };
    let (ran, id) = tokio::join!(running, story);

    ran.unwrap();
    // Given back: another process has it at once, without waiting for a lease to run out, and
    // follows the run that is under way instead of starting it again.
    let design = AttemptKey {
        spec_id: id,
        phase: Phase::Design,
        attempt: AttemptNumber::new(1),
    };
    let run = design.run_key(RepairNumber::new(0));
    let next = world.machine();
    let driving = next.drive(id);
    let ending = async {
        let mut events = next.watch(id, Sequence::default());
        world.spawner.release(&run);
        while let Some(event) = events.next().await {
            if matches!(
                event.unwrap().body,
                EventBody::RunEnded {
                    phase: Phase::Design,
                    ..
                }
            ) {
                next.cancel(id, user(), None).await.unwrap();
                return;
            }
        }
    };
    let (spec, ()) = tokio::join!(driving, ending);
    assert_eq!(spec.unwrap().status, SpecStatus::Cancelled);
    assert_eq!(world.spawner.starts(&run), 1);
    assert_eq!(world.spawner.live(), []);
}

#[tokio::test]
async fn cancelling_ends_the_sandbox_first_and_keeps_what_was_accepted() {
    let world = World::with_spawner(
        demo::spawner(|run: &ScriptedRun| match run.key.attempt.phase {
            Phase::Requirements => RunScript::hangs(),
            _ => demo::good_run(run),
        })
        .with_reluctant_termination(2),
    );
    let id = world.launch(Policy::default()).await;
    let machine = world.machine();
    let driving = async {
        loop {
            let spec = machine.drive(id).await.unwrap();
            if spec.status.is_terminal() {
                return spec;
            }
            world.clock.advance(Duration::from_secs(1));
        }
    };
    let cancelling = async {
        let mut events = machine.watch(id, Sequence::default());
        while let Some(event) = events.next().await {
            let phase = Phase::Requirements;
            if matches!(event.unwrap().body, EventBody::RunStarted { phase: p, .. } if p == phase) {
                let spec = machine.cancel(id, user(), None).await.unwrap();
                // Not before its sandbox is gone.
                assert_eq!(spec.status, SpecStatus::Executing);
                // Twice does no harm.
                machine.cancel(id, user(), None).await.unwrap();
                return;
            }
        }
    };
    let (spec, ()) = tokio::join!(driving, cancelling);
    assert_eq!(spec.status, SpecStatus::Cancelled);
    world.check_ended(&spec).await;
    assert!(
        world
            .machine()
            .artifact(id, Phase::Explore, None)
            .await
            .unwrap()
            .is_some()
    );
    let refused = machine.cancel(id, user(), None).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_draft_waits_until_it_is_executed() {
    let world = World::new(demo::good_run);
    let mut request = spec_core::LaunchRequest::new(
        user(),
        spec_core::spec::Title::new("Later").unwrap(),
        spec_core::spec::Description::new("later").unwrap(),
    );
    request.auto_execute = false;
    request.idempotency_key = Some(spec_core::id::IdempotencyKey::new("k").unwrap());
    let machine = world.machine();
    let id = machine.launch(request.clone()).await.unwrap().spec().id;
    assert_eq!(machine.drive(id).await.unwrap().status, SpecStatus::Draft);
    // The same request again is the same spec; another one under the same key is refused.
    let again = machine.launch(request.clone()).await.unwrap();
    assert!(
        matches!(&again, Launched::Existing(spec) if spec.id == id),
        "{again:?}"
    );
    request.description = spec_core::spec::Description::new("something else").unwrap();
    let error = machine.launch(request).await.unwrap_err();
    let Error::InvalidInput(invalid) = error else {
        panic!("{error:?}")
    };
    assert_eq!(invalid.field(), "idempotency_key");

    machine.execute(id, user()).await.unwrap();
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Completed);
    world.check_ended(&spec).await;
}

#[tokio::test]
async fn a_refused_result_goes_back_with_its_findings_and_is_repaired() {
    let world = World::new(|run: &ScriptedRun| {
        if run.key.attempt.phase != Phase::Requirements {
            return demo::good_run(run);
        }
        let findings = run.json("context.json").unwrap()["findings"].clone();
        if run.key.repair.get() == 0 {
            assert_eq!(findings, json!([]));
            let mut result = fixture::output_json(Phase::Requirements);
            result["requirements"][0]["acceptance_criteria"] = json!([]);
            return RunScript::succeeds_with(&result);
        }
        assert_eq!(
            findings[0]["pointer"], "/requirements/0/acceptance_criteria",
            "{findings}"
        );
        demo::good_run(run)
    });
    let id = world.launch(Policy::default()).await;
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    world.check_ended(&spec).await;
    // In the same sandbox.
    assert_eq!(world.spawner.all_created().len(), 5);
}

/// Runs the agent of EXPLORE so, without a second try, and returns how the spec failed.
async fn failure_of(world: World, policy: Policy) -> (FailureKind, String) {
    let id = world.launch(policy).await;
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Failed);
    world.check_ended(&spec).await;
    let failure = spec.failure.unwrap();
    assert_eq!(failure.phase, Phase::Explore);
    (failure.kind, failure.message)
}

#[tokio::test]
async fn every_way_in_which_an_agent_goes_wrong_is_told_apart_and_told_clearly() {
    let explore = fixture::output_json(Phase::Explore);
    let mut fantasy = explore.clone();
    fantasy["key_files"][0]["evidence"][0]["line"] = json!(999);
    let cases: Vec<(RunScript, FailureKind, &[&str])> = vec![
        (
            RunScript::exits(3).with_error_line("cannot reach the model"),
            FailureKind::AgentFailed,
            &[
                "agent `scripted`",
                "exited with code 3",
                "cannot reach the model",
            ],
        ),
        (
            RunScript::ends(RunEnd::Signaled { signal: 9 }),
            FailureKind::AgentFailed,
            &["was ended by signal 9"],
        ),
        (
            RunScript::ends(RunEnd::Lost {
                reason: "auto-stopped".to_owned(),
            }),
            FailureKind::SandboxLost,
            &["auto-stopped"],
        ),
        (
            RunScript::exits(0),
            FailureKind::NoResult,
            &["left no result.json"],
        ),
        (
            RunScript::exits(0).with_file("result.json", "{\"codebase_summary\": \"x\",\n oops"),
            FailureKind::InvalidOutput,
            &["json.syntax", "line 2"],
        ),
        (
            RunScript::exits(0).with_file("result.json", vec![b'x'; 9 * 1024 * 1024]),
            FailureKind::InvalidOutput,
            &["cannot be read"],
        ),
        (
            RunScript::succeeds_with(&json!({"codebase_summary": 3})),
            FailureKind::InvalidOutput,
            &["schema.required", "more"],
        ),
        (
            RunScript::succeeds_with(&fantasy),
            FailureKind::InvalidOutput,
            &["evidence"],
        ),
    ];
    for (script, kind, parts) in cases {
        let world = World::new(move |_: &ScriptedRun| script.clone());
        let (found, message) = failure_of(world, one_try()).await;
        assert_eq!(found, kind, "{message}");
        for part in parts {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
    }
}

#[tokio::test]
async fn an_agent_that_prints_without_end_is_stopped() {
    let world = World::new(|_: &ScriptedRun| {
        let mut script = RunScript::exits(0);
        for _ in 0..5000 {
            script = script.with_line("x".repeat(100));
        }
        script
    });
    let policy = Policy {
        max_output_bytes: 300_000,
        ..one_try()
    };
    let (kind, message) = failure_of(world, policy).await;
    assert_eq!(kind, FailureKind::TooMuchOutput);
    assert!(message.contains("300000 bytes"), "{message}");
}

#[tokio::test]
async fn a_flood_of_lines_does_not_become_a_flood_of_events() {
    let world = World::new(|run: &ScriptedRun| {
        let mut script = demo::good_run(run);
        for number in 0..10_000 {
            script = script.with_line(format!("line {number}"));
        }
        script
    });
    let id = world.launch(Policy::default()).await;
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    let (mut shown, mut omitted, mut events) = (0, 0, 0);
    for event in world.events(id).await {
        if let EventBody::Progress {
            phase: Phase::Explore,
            items,
            omitted: more,
            ..
        } = event.body
        {
            shown += items.len();
            omitted += more;
            events += 1;
        }
    }
    assert_eq!((shown, omitted), (2000, 8002));
    assert!(events <= 50, "{events}");
}

#[tokio::test]
async fn an_agent_that_hangs_is_ended_at_the_deadline() {
    let world = World::new(|_: &ScriptedRun| RunScript::hangs());
    let policy = Policy {
        attempt_timeout: Duration::from_mins(2),
        ..one_try()
    };
    let id = world.launch(policy).await;
    let driving = world.drive_to_the_end(id);
    tokio::pin!(driving);
    let spec = loop {
        tokio::select! {
            biased;
            spec = &mut driving => break spec,
            () = tokio::task::yield_now() => world.clock.advance(Duration::from_secs(1)),
        }
    };
    assert_eq!(
        spec.failure.as_ref().unwrap().kind,
        FailureKind::DeadlineExceeded,
        "{spec:?}"
    );
    world.check_ended(&spec).await;
}

#[tokio::test]
async fn a_repository_that_cannot_be_checked_out_fails_at_once_and_says_why() {
    let world = World::with_spawner(
        demo::spawner(demo::good_run)
            .with_checkout(|_| Err("/nowhere is not a git repository".to_owned())),
    );
    let (kind, message) = failure_of(world, Policy::default()).await;
    assert_eq!(kind, FailureKind::CheckoutRejected);
    assert!(
        message.contains("/nowhere is not a git repository"),
        "{message}"
    );
}

#[tokio::test]
async fn an_agent_program_that_is_missing_fails_at_once_and_says_which() {
    let world = World::with_spawner(demo::spawner(demo::good_run).with_missing_program("agent"));
    let (kind, message) = failure_of(world, Policy::default()).await;
    assert_eq!(kind, FailureKind::AgentNotFound);
    assert!(message.contains("agent"), "{message}");
}

#[tokio::test]
async fn a_sandbox_that_is_lost_is_replaced_by_another_attempt() {
    let world = World::new(|run: &ScriptedRun| {
        if run.key.attempt.phase == Phase::Design && run.key.attempt.attempt.get() == 1 {
            RunScript::ends(RunEnd::Lost {
                reason: "evicted".to_owned(),
            })
        } else {
            demo::good_run(run)
        }
    });
    let id = world.launch(Policy::default()).await;
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Completed);
    world.check_ended(&spec).await;
    assert_eq!(world.spawner.all_created().len(), 6);
}

#[tokio::test]
async fn a_launch_names_the_field_that_cannot_be_used() {
    let world = World::new(demo::good_run);
    let machine = world.machine();
    let request = spec_core::LaunchRequest::new(
        user(),
        spec_core::spec::Title::new("t").unwrap(),
        spec_core::spec::Description::new("d").unwrap(),
    );
    let unknown = spec_core::id::ProjectId::new("nope").unwrap();
    let error = machine
        .launch(request.clone().for_project(unknown))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::UnknownProject { .. }), "{error:?}");
    let policies = [
        (
            Policy {
                max_attempts: 0,
                ..Policy::default()
            },
            "policy.max_attempts",
        ),
        (
            Policy {
                agent: Some("nobody".parse().unwrap()),
                ..Policy::default()
            },
            "policy.agent",
        ),
    ];
    for (policy, field) in policies {
        let error = machine
            .launch(request.clone().with_policy(policy))
            .await
            .unwrap_err();
        let Error::InvalidInput(invalid) = error else {
            panic!("{error:?}")
        };
        assert_eq!(invalid.field(), field);
    }
    assert!(
        world
            .store
            .list(&SpecQuery::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

#[tokio::test]
async fn evidence_in_a_file_too_large_to_read_is_not_called_wrong() {
    let mut explore = fixture::output_json(Phase::Explore);
    explore["key_files"][0]["path"] = json!("data/huge.bin");
    explore["key_files"][0]["evidence"] = json!([]);
    let world = World::with_spawner(
        demo::spawner(move |run: &ScriptedRun| match run.key.attempt.phase {
            Phase::Explore => RunScript::succeeds_with(&explore),
            _ => demo::good_run(run),
        })
        .with_repository_file("data/huge.bin", vec![b'x'; 5 * 1024 * 1024]),
    );
    let id = world.launch(one_try()).await;
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    let machine = world.machine();
    let artifact = machine
        .artifact(id, Phase::Explore, None)
        .await
        .unwrap()
        .unwrap();
    let rules: Vec<_> = artifact
        .findings
        .iter()
        .map(|finding| finding.rule.as_str())
        .collect();
    assert_eq!(rules, ["evidence.unchecked"]);
}

//! What agents tell of themselves, and what the machine makes of it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use spec_core::agent::CommandAgent;
use spec_core::attempt::FailureKind;
use spec_core::clock::Clock as _;
use spec_core::event::{EventBody, ProgressKind};
use spec_core::id::{AgentName, Sequence, SpecId};
use spec_core::machine::Refusal;
use spec_core::policy::Budget;
use spec_core::sandbox::{RunEnd, Secret, SecretEnv};
use spec_core::testing::{RunScript, ScriptedRun, demo, fixture};
use spec_core::{Error, Phase, Policy, Spec, SpecStatus, SpecStore as _};

use crate::ports::{Call, Fate, RuledStore};
use crate::scene::{World, user};
use crate::talker::{OTHER, TALKER, good_words, says};

/// What was started, in order: argv, and what the run was given.
type Started = Arc<Mutex<Vec<ScriptedRun>>>;

/// A world in which EXPLORE goes as `explore` says for each of its runs, from 0, and the rest well.
fn world(
    explore: impl Fn(usize, &ScriptedRun) -> RunScript + Send + Sync + 'static,
) -> (World, Started) {
    let started = Started::default();
    let seen = Arc::clone(&started);
    let world = World::new(move |run: &ScriptedRun| match run.key.attempt.phase {
        Phase::Explore => {
            let mut seen = seen.lock().unwrap();
            seen.push(run.clone());
            explore(seen.len() - 1, run)
        }
        Phase::Sync => demo::good_run(run),
        Phase::Requirements | Phase::Design | Phase::Tasks => says(good_words(run)),
    });
    (world, started)
}

fn policy() -> Policy {
    Policy {
        agent: Some(AgentName::new(TALKER).unwrap()),
        ..Policy::default()
    }
}

fn argv(started: &Started) -> Vec<String> {
    let started = started.lock().unwrap();
    started.iter().map(|run| run.argv.join(" ")).collect()
}

async fn run(world: &World, policy: Policy) -> Spec {
    let id = world.launch(policy).await;
    let spec = world.drive_to_the_end(id).await;
    world.check_ended(&spec).await;
    spec
}

async fn names(world: &World, id: SpecId) -> Vec<&'static str> {
    let events = world.events(id).await;
    events.iter().map(|event| event.body.name()).collect()
}

fn tokens(limit: u64) -> Budget {
    Budget {
        tokens: Some(limit),
        cost_micro_usd: None,
    }
}

#[tokio::test]
async fn what_the_output_tells_is_recorded_with_the_attempt_and_counted_once() {
    let (world, started) = world(|_, run| says(good_words(run)));
    let spec = run(&world, policy()).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    assert_eq!(argv(&started), ["talker new"]);
    assert_eq!(spec.usage.tokens(), 400);
    assert_eq!(spec.usage.cost_micro_usd, 4000);
    let attempt = &spec.phases.get(Phase::Explore).attempts[0];
    assert_eq!(attempt.agent_version.as_deref(), Some("1.2.3"));
    assert_eq!(attempt.model.as_deref(), Some("model-5"));

    let usage = world.machine().usage(spec.id).await.unwrap();
    assert_eq!(usage.total, spec.usage);
    assert_eq!(usage.phases.len(), 5);
    assert_eq!(usage.phases[0].attempts[0].usage.tokens(), 100);
    let agents: Vec<_> = usage
        .agents
        .iter()
        .map(|a| (a.agent.as_str(), a.usage.tokens()))
        .collect();
    assert_eq!(agents, [(TALKER, 400)]);
}

/// The result is read again from the line that holds it, by another driver too.
#[tokio::test]
async fn a_document_handed_over_counts_before_the_file_and_the_file_before_a_message() {
    let good = fixture::output_json(Phase::Explore);
    let bad = json!({"summary": "no"});
    let fenced = format!("Here it is:\n```json\n{good}\n```\n");
    let cases: [(Vec<Value>, Option<String>); 4] = [
        (
            vec![json!({"result": good.to_string()}), json!({"text": "x"})],
            Some(bad.to_string()),
        ),
        (
            vec![json!({"text": bad.to_string()})],
            Some(good.to_string()),
        ),
        (vec![json!({"text": fenced})], None),
        // The last one counts.
        (
            vec![
                json!({"result": bad.to_string()}),
                json!({"result": good.to_string()}),
            ],
            None,
        ),
    ];
    for (words, file) in cases {
        let (world, started) = world(move |_, _| {
            let script = says(words.iter().cloned().chain([json!("done")]));
            match &file {
                Some(content) => script.with_file("result.json", content.as_bytes()),
                None => script,
            }
        });
        let spec = run(&world, policy()).await;
        assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
        assert_eq!(argv(&started).len(), 1);
    }
}

#[tokio::test]
async fn success_without_a_result_is_taken_up_in_the_same_session() {
    let (world, started) = world(|number, run| match number {
        0 => says([
            json!({"session": "s1"}),
            json!({"message": ["a", 5]}),
            json!("done"),
        ]),
        _ => says(good_words(run)),
    });
    let spec = run(&world, policy()).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    assert_eq!(argv(&started), ["talker new", "talker s1"]);
    let explore = &spec.phases.get(Phase::Explore).attempts;
    assert_eq!((explore.len(), explore[0].repair.get()), (1, 1));
    assert_eq!(spec.usage.tokens(), 405);
}

#[tokio::test]
async fn of_a_session_that_goes_on_only_what_is_new_is_counted() {
    let (world, _) = world(|number, run| {
        let session = json!({"session": "s1"});
        match number {
            0 => says([session, json!({"total": 70}), json!("done")]),
            _ => says(
                [session, json!({"total": 100})]
                    .into_iter()
                    .chain(good_words(run).into_iter().skip(4)),
            ),
        }
    });
    let spec = run(&world, policy()).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    assert_eq!(spec.phases.get(Phase::Explore).usage.tokens(), 100);
}

#[tokio::test]
async fn a_run_that_was_ended_from_outside_goes_on_in_its_session() {
    for end in [
        RunEnd::Exited { code: 0 },
        RunEnd::Exited { code: 143 },
        RunEnd::Signaled { signal: 9 },
    ] {
        let (world, started) = world(move |number, run| match number {
            0 => RunScript {
                end: end.clone(),
                ..says([json!({"session": "s1"}), json!({"message": ["a", 5]})])
            },
            _ => says(good_words(run)),
        });
        let spec = run(&world, policy()).await;
        assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
        assert_eq!(argv(&started), ["talker new", "talker s1"]);
        assert_eq!(spec.usage.tokens(), 405);
        let events = world.events(spec.id).await;
        let repair = events.iter().find_map(|event| match &event.body {
            EventBody::PhaseRepair { findings, .. } => Some(findings[0].rule.clone()),
            _ => None,
        });
        assert_eq!(repair.as_deref(), Some("agent.interrupted"));
    }
}

#[tokio::test]
async fn a_refused_output_goes_to_the_session_then_with_itself_to_a_fresh_one_then_to_another_agent()
 {
    let bad = r#"{"summary":"all good"}"#;
    let (world, started) = world(move |_, run| {
        let mut words = good_words(run);
        if run.argv[0] != OTHER {
            words[4] = json!({"result": bad});
        }
        says(words)
    });
    let policy = Policy {
        max_attempts: 2,
        max_repairs: 1,
        fallback_agent: Some(AgentName::new(OTHER).unwrap()),
        ..policy()
    };
    let spec = run(&world, policy).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    let expected = [
        "talker new",
        "talker S",
        "talker new",
        "talker S",
        "other new",
    ];
    let argv = argv(&started);
    assert_eq!(argv.len(), expected.len(), "{argv:?}");
    for (found, expected) in argv.iter().zip(expected) {
        let resumes = expected.ends_with('S');
        let (name, session) = found.split_once(' ').unwrap();
        assert_eq!(name, expected.split_once(' ').unwrap().0);
        assert_eq!(session != "new", resumes, "{found}");
    }
    // Both rungs that begin afresh are shown what was refused, and why.
    for fresh in [2, 4] {
        let context = started.lock().unwrap()[fresh].json("context.json").unwrap();
        assert!(!context["findings"].as_array().unwrap().is_empty());
        assert_eq!(context["previous"], bad);
    }
    assert_eq!(spec.usage.tokens(), 5 * 100 + 300);
    let usage = world.machine().usage(spec.id).await.unwrap();
    let agents: Vec<_> = usage
        .agents
        .iter()
        .map(|a| (a.agent.as_str(), a.usage.tokens()))
        .collect();
    assert_eq!(agents, [(OTHER, 100), (TALKER, 700)]);
}

#[tokio::test]
async fn a_refused_key_stops_the_run_at_once_and_is_not_tried_again() {
    let (world, started) = world(|_, _| {
        let mut script = says([
            json!({"session": "s1"}),
            json!({"message": ["a", 5]}),
            json!({"hopeless": "agent_unauthorized"}),
        ]);
        script.waits = true;
        script
    });
    let spec = run(&world, policy()).await;
    let failure = spec.failure.clone().unwrap();
    assert_eq!(failure.kind, FailureKind::AgentUnauthorized);
    assert_eq!(failure.message, "no more");
    assert_eq!(argv(&started).len(), 1);
    assert_eq!(spec.usage.tokens(), 5);
    // Before the time of the attempt was up.
    assert!(world.clock.now().since(spec.created_at) < Duration::from_mins(1));
}

#[tokio::test]
async fn an_overloaded_model_is_waited_for_and_a_broken_session_is_not() {
    for (kind, waits) in [
        (FailureKind::ModelUnavailable, true),
        (FailureKind::InvalidOutput, false),
    ] {
        let (world, started) = world(move |number, run| match number {
            0 => says([json!({"session": "s1"}), json!({"failed": kind})]),
            _ => says(good_words(run)),
        });
        let spec = run(&world, policy()).await;
        assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
        // In a fresh sandbox, and so in no session.
        assert_eq!(argv(&started), ["talker new", "talker new"]);
        let second = &spec.phases.get(Phase::Explore).attempts[1];
        let waited = second.not_before.since(second.started_at);
        assert_eq!(waited > Duration::ZERO, waits, "{kind:?} {waited:?}");
    }
}

#[tokio::test]
async fn a_run_over_budget_is_stopped_and_a_larger_budget_lets_the_spec_go_on() {
    let (world, started) = world(|number, run| match number {
        0 => {
            let mut script = says([
                json!({"session": "s1"}),
                json!({"message": ["a", 70]}),
                json!({"message": ["b", 50]}),
                json!({"message": ["c", 50]}),
            ]);
            script.waits = true;
            script
        }
        _ => says(good_words(run)),
    });
    let policy = Policy {
        budget: tokens(100),
        budget_warning_percent: 50,
        ..policy()
    };
    let spec = run(&world, policy).await;
    assert_eq!(spec.status, SpecStatus::Failed);
    let failure = spec.failure.clone().unwrap();
    assert_eq!(failure.kind, FailureKind::BudgetExceeded);
    assert_eq!(
        failure.message,
        "the budget of the spec is used up: 120 tokens of 100 are used"
    );
    // What it had said until it was stopped counts as well.
    assert_eq!(spec.usage.tokens(), 170);
    let warned = world
        .events(spec.id)
        .await
        .into_iter()
        .any(|event| match event.body {
            EventBody::Progress { items, .. } => items.iter().any(|item| {
                item.kind == ProgressKind::Warning && item.text.starts_with("70 % of the tokens")
            }),
            _ => false,
        });
    assert!(warned, "no warning");

    let machine = world.machine();
    let too_little = machine
        .set_budget(spec.id, user(), Some(tokens(160)), None)
        .await
        .unwrap_err();
    assert!(
        matches!(
            too_little,
            Error::Refused {
                refusal: Refusal::BudgetExceeded { .. },
                ..
            }
        ),
        "{too_little:?}"
    );
    assert_eq!(machine.get(spec.id).await.unwrap(), spec);
    let zero = machine.set_budget(spec.id, user(), Some(tokens(0)), None);
    assert!(matches!(zero.await, Err(Error::InvalidInput(_))));

    let seen = names(&world, spec.id).await.len();
    machine
        .set_budget(spec.id, user(), Some(tokens(10_000)), None)
        .await
        .unwrap();
    let spec = world.drive_to_the_end(spec.id).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    assert_eq!(spec.failure, None);
    assert_eq!(spec.usage.tokens(), 170 + 400);
    assert_eq!(argv(&started), ["talker new", "talker new"]);
    assert_eq!(started.lock().unwrap()[1].env["LIMIT"], "Some(9830)");

    // Who watches from the beginning is not sent away where it had failed.
    let all = names(&world, spec.id).await;
    assert!(all.len() > seen);
    let watched: Vec<_> = machine
        .watch(spec.id, Sequence::default())
        .map(|event| event.unwrap().body.name())
        .collect()
        .await;
    assert_eq!(watched, all);
}

#[tokio::test]
async fn a_result_that_has_used_the_budget_up_counts_and_nothing_more_is_begun() {
    let (world, started) = world(|_, run| {
        let mut words = good_words(run);
        // As agents do that tell their consumption at the end.
        words.retain(|word| word.get("message").is_none());
        words.push(json!({"run": 120}));
        says(words)
    });
    let policy = Policy {
        budget: tokens(100),
        ..policy()
    };
    let spec = run(&world, policy).await;
    let failure = spec.failure.clone().unwrap();
    assert_eq!(
        (failure.phase, failure.kind),
        (Phase::Requirements, FailureKind::BudgetExceeded)
    );
    assert!(spec.phases.get(Phase::Explore).accepted.is_some());
    assert_eq!(argv(&started).len(), 1);
    assert_eq!(spec.usage.tokens(), 120);
}

#[tokio::test]
async fn the_share_of_a_budget_is_warned_of_once() {
    let (world, _) = world(|_, run| {
        let mut words = good_words(run);
        words.insert(2, json!({"message": ["m3", 70]}));
        words.insert(3, json!({"message": ["m4", 1]}));
        words.insert(4, json!({"message": ["m5", 1]}));
        says(words)
    });
    let policy = Policy {
        budget: tokens(10_000),
        phase_budget: tokens(200),
        budget_warning_percent: 30,
        ..policy()
    };
    let spec = run(&world, policy).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    let mut warned = Vec::new();
    for event in world.events(spec.id).await {
        if let EventBody::Progress { phase, items, .. } = event.body {
            let items = items.into_iter();
            let warnings = items.filter(|item| item.kind == ProgressKind::Warning);
            warned.extend(warnings.map(|item| (phase, item.text)));
        }
    }
    let expected = |share, phase| {
        let text = format!("{share} % of the tokens of the budget of the phase are used");
        (phase, text)
    };
    assert_eq!(
        warned,
        [
            expected(35, Phase::Explore),
            expected(30, Phase::Requirements),
            expected(30, Phase::Design),
            expected(30, Phase::Tasks),
        ]
    );
}

/// As Codex does: its last word, and after it what the script read of the model in its record.
#[tokio::test]
async fn a_run_whose_model_is_told_after_its_last_word_has_a_price() {
    let (world, _) = world(|_, run| {
        let mut words = good_words(run);
        words.extend([
            json!({"unpriced": 1000}),
            json!({"model": "claude-opus-5-5"}),
            json!({"unpriced": 1000}),
        ]);
        says(words)
    });
    let budget = Budget {
        tokens: None,
        cost_micro_usd: Some(100_000),
    };
    let spec = run(&world, Policy { budget, ..policy() }).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    let explore = spec.phases.get(Phase::Explore).usage;
    assert_eq!(
        (explore.cost_micro_usd, explore.unpriced_tokens),
        (20_000, 0)
    );
}

/// SYNC asks no agent.
#[tokio::test]
async fn a_budget_that_the_last_word_of_the_last_agent_exceeds_does_not_stop_sync() {
    let world = World::new(|run: &ScriptedRun| match run.key.attempt.phase {
        Phase::Sync => demo::good_run(run),
        Phase::Tasks => {
            let unpriced = json!({"unpriced": 1000});
            says(good_words(run).into_iter().chain([unpriced]))
        }
        Phase::Explore | Phase::Requirements | Phase::Design => says(good_words(run)),
    });
    let budget = Budget {
        tokens: None,
        cost_micro_usd: Some(100_000),
    };
    let spec = run(&world, Policy { budget, ..policy() }).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    assert!(spec.usage.unpriced_tokens > 0);
}

#[tokio::test]
async fn a_silent_run_is_stopped_when_its_budget_becomes_smaller() {
    let (world, _) = world(|_, _| says([json!({"message": ["a", 70]})]).waiting());
    let id = world.launch(policy()).await;
    let machine = world.machine();
    let changing = async {
        let begun = Instant::now();
        while machine.usage(id).await.unwrap().total.tokens() == 0 {
            assert!(begun.elapsed() < Duration::from_secs(20), "nothing is told");
            world.clock.advance(Duration::from_millis(10));
            tokio::task::yield_now().await;
        }
        let changed = machine.set_budget(id, user(), Some(tokens(50)), None);
        changed.await.unwrap();
    };
    let both = async { tokio::join!(machine.drive(id), changing) };
    let (driven, ()) = tokio::time::timeout(Duration::from_secs(20), both)
        .await
        .unwrap();
    driven.unwrap();
    let spec = world.drive_to_the_end(id).await;
    let failure = spec.failure.clone().unwrap();
    assert_eq!(failure.kind, FailureKind::BudgetExceeded, "{failure}");
    assert_eq!(spec.usage.tokens(), 70);
    world.check_ended(&spec).await;
}

#[tokio::test]
async fn what_a_run_told_while_nobody_followed_it_is_counted_when_its_time_is_up() {
    let world = World::new(|_: &ScriptedRun| {
        let begun = RunScript::hangs();
        // So many are stored at once; what follows is read and not stored.
        let items = (0..50).fold(begun, |script, item| {
            script.with_line(format!(r#"{{"type":"progress","text":"{item}"}}"#))
        });
        items.with_line(r#"{"type":"usage","input_tokens":700}"#)
    });
    let policy = Policy {
        max_attempts: 1,
        attempt_timeout: Duration::from_mins(2),
        ..Policy::default()
    };
    let id = world.launch(policy).await;
    {
        let machine = world.machine();
        let mut driving = std::pin::pin!(machine.drive(id));
        let begun = Instant::now();
        while world
            .store
            .get(id)
            .await
            .unwrap()
            .unwrap()
            .checkpoint
            .is_none()
        {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "nothing is stored"
            );
            assert!(futures_util::poll!(&mut driving).is_pending());
            tokio::task::yield_now().await;
        }
    }
    let known = world.machine().usage(id).await.unwrap();
    assert_eq!(
        known.total.tokens(),
        0,
        "all was stored, and nothing is tested"
    );
    world.clock.advance(Duration::from_mins(3));
    let spec = world.drive_to_the_end(id).await;
    let failure = spec.failure.clone().unwrap();
    assert_eq!(failure.kind, FailureKind::DeadlineExceeded, "{failure}");
    assert_eq!(spec.usage.input_tokens, 700, "{failure}");
    world.check_ended(&spec).await;
}

#[tokio::test]
async fn money_without_a_known_price_is_not_spent_against_a_limit_on_money() {
    let world = World::new(|run: &ScriptedRun| {
        // The scripted agent tells tokens and neither model nor money.
        demo::good_run(run)
    });
    let budget = Budget {
        tokens: None,
        cost_micro_usd: Some(1_000_000),
    };
    let policy = Policy {
        budget,
        ..Policy::default()
    };
    let spec = run(&world, policy).await;
    let failure = spec.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::BudgetExceeded);
    assert!(
        failure.message.contains("price of 110 tokens"),
        "{}",
        failure.message
    );
    assert!(failure.message.contains("$1.00"), "{}", failure.message);
}

#[tokio::test]
async fn a_model_that_is_named_after_its_first_tokens_has_its_price_all_the_same() {
    let world = World::new(|run: &ScriptedRun| {
        let mut script = demo::good_run(run);
        let usage = json!({"type": "usage", "input_tokens": 100, "output_tokens": 10});
        let started = json!({"type": "started", "model": "claude-opus-5-5"});
        for line in [&usage, &started, &usage] {
            script = script.with_line(line.to_string());
        }
        script
    });
    let budget = Budget {
        tokens: None,
        cost_micro_usd: Some(1_000_000),
    };
    let policy = Policy {
        budget,
        ..Policy::default()
    };
    let spec = run(&world, policy).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    assert_eq!(spec.usage.unpriced_tokens, 0);
    let explore = spec.phases.get(Phase::Explore).usage;
    assert_eq!(explore.cost_micro_usd, 100 * 4 + 10 * 20);
}

#[tokio::test]
async fn the_budget_of_a_phase_is_its_own() {
    let limited = async |limit| {
        let (world, _) = world(|_, run| says(good_words(run)));
        let phase_budget = tokens(limit);
        let policy = policy();
        run(
            &world,
            Policy {
                phase_budget,
                ..policy
            },
        )
        .await
    };
    let spec = limited(100).await;
    assert_eq!(spec.status, SpecStatus::Completed, "{:?}", spec.failure);
    let spec = limited(99).await;
    let failure = spec.failure.unwrap();
    assert_eq!(failure.phase, Phase::Explore);
    assert!(
        failure.message.contains("budget of the phase"),
        "{}",
        failure.message
    );
}

#[tokio::test]
async fn what_a_run_had_told_before_it_was_cancelled_is_counted() {
    let (world, _) = world(|_, _| {
        let mut script = says([json!({"session": "s1"}), json!({"message": ["a", 5]})]);
        script.waits = true;
        script
    });
    let id = world.launch(policy()).await;
    let machine = world.machine();
    let cancelling = async {
        let begun = Instant::now();
        // As soon as it has begun: its lines may not have been read.
        while machine
            .get(id)
            .await
            .unwrap()
            .phases
            .get(Phase::Explore)
            .attempts[0]
            .uncounted
            .is_none()
        {
            assert!(begun.elapsed() < Duration::from_secs(20));
            tokio::task::yield_now().await;
        }
        machine.cancel(id, user(), None).await.unwrap();
    };
    let (_, ()) = tokio::join!(machine.drive(id), cancelling);
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Cancelled);
    assert_eq!(spec.usage.tokens(), 5);
    world.check_ended(&spec).await;
}

#[tokio::test]
async fn what_a_run_told_whose_beginning_nobody_came_to_say_is_counted() {
    let (world, _) = world(|_, _| says([json!({"message": ["a", 5]})]).waiting());
    let id = world.launch(policy()).await;
    let machine = world.machine();
    {
        let mut driving = std::pin::pin!(machine.drive(id));
        let begun = Instant::now();
        while world.spawner.all_starts().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(20), "none is started");
            assert!(futures_util::poll!(&mut driving).is_pending());
        }
    }
    let spec = machine.cancel(id, user(), None).await.unwrap();
    let attempt = &spec.phases.get(Phase::Explore).attempts[0];
    assert_eq!(attempt.inputs, None, "it was said, and nothing is tested");
    world
        .clock
        .advance(crate::scene::LEASE + Duration::from_secs(1));
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Cancelled);
    assert_eq!(spec.usage.tokens(), 5);
    world.check_ended(&spec).await;
}

/// The driver is ahead of the store: the run goes on, and not even its sandbox is known yet.
#[tokio::test]
async fn what_a_run_told_is_counted_when_a_pause_overtakes_the_word_of_its_sandbox() {
    let (world, _) = world(|_, run| match run.key.attempt.attempt.get() {
        1 => says([json!({"message": ["a", 5]})]).waiting(),
        _ => says(good_words(run)),
    });
    let id = world.launch(policy()).await;
    let store = RuledStore::new(&world.store, |call| match call {
        Call::Commit(_) => Fate::Hang,
        _ => Fate::Pass,
    });
    let machine = world.machine_over(store, world.spawner.clone());
    {
        let mut driving = std::pin::pin!(machine.drive(id));
        let begun = Instant::now();
        while world.spawner.all_starts().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(20), "none is started");
            assert!(futures_util::poll!(&mut driving).is_pending());
        }
    }
    let machine = world.machine();
    let spec = machine.pause(id, user()).await.unwrap();
    let attempt = &spec.phases.get(Phase::Explore).attempts[0];
    assert_eq!(
        attempt.facts, None,
        "the sandbox was known, and nothing is tested"
    );
    world
        .clock
        .advance(crate::scene::LEASE + Duration::from_secs(1));
    let spec = world.drive_to_the_end(id).await;
    assert_eq!(spec.status, SpecStatus::Paused);
    assert_eq!(spec.usage.tokens(), 5);
    machine.resume(id, user()).await.unwrap();
    let spec = world.drive_to_the_end(id).await;
    world.check_ended(&spec).await;
}

#[tokio::test]
async fn a_fallback_agent_that_is_not_registered_is_refused_at_launch() {
    let (world, _) = world(|_, run| says(good_words(run)));
    let request = world.request(Policy {
        fallback_agent: Some(AgentName::new("nobody").unwrap()),
        ..policy()
    });
    let error = world.machine().launch(request).await.unwrap_err();
    let Error::InvalidInput(invalid) = error else {
        panic!("{error:?}")
    };
    assert_eq!(invalid.field(), "policy.fallback_agent");
}

/// A service may quote the key that it refuses, and an agent what it found in its environment.
#[tokio::test]
async fn a_key_is_not_stored_whoever_prints_it() {
    const KEY: &str = "sk-hunter2-hunter2";
    let world = World::new(|run: &ScriptedRun| {
        let said = RunScript::exits(1)
            .with_line(json!({"type": "progress", "text": format!("KEY={KEY}")}).to_string())
            .with_line(json!({"type": "error", "text": format!("401: {KEY}")}).to_string())
            .with_error_line(format!("no such key: {KEY}"));
        match (run.key.attempt.phase, run.key.attempt.attempt.get()) {
            (Phase::Explore, 1) => said,
            (Phase::Explore, 2) => RunScript::exits(0).with_file("result.json", KEY),
            (Phase::Explore, _) => {
                let mut output = fixture::output_json(Phase::Explore);
                output["feature_summary"]["one_liner"] = json!(format!("Uses the key {KEY}."));
                RunScript::succeeds_with(&output)
            }
            (Phase::Requirements, _) => RunScript {
                end: RunEnd::Exited { code: 0 },
                ..said.waiting()
            },
            _ => demo::good_run(run),
        }
    });
    let name = AgentName::new("keyed").unwrap();
    let agent = CommandAgent::new(name.clone(), "agent").with_secret(SecretEnv {
        name: "KEY".to_owned(),
        value: Secret::new(KEY),
    });
    let machine = world.machine().with_agent(agent);
    let policy = Policy {
        agent: Some(name),
        max_repairs: 0,
        attempt_timeout: Duration::from_mins(2),
        ..Policy::default()
    };
    let id = machine.launch(world.request(policy)).await.unwrap();
    let id = id.spec().id;
    let begun = Instant::now();
    loop {
        let spec = crate::crash::moving(&world, machine.drive(id))
            .await
            .unwrap();
        if spec.status.is_terminal() {
            assert_eq!(spec.status, SpecStatus::Failed);
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "{:?}",
            spec.status
        );
        world.clock.advance(Duration::from_secs(1));
    }
    let stored = world.store.get(id).await.unwrap().unwrap();
    let events = world.events(id).await;
    let artifacts = machine.artifacts(id).await.unwrap();
    assert_eq!(artifacts.len(), 1);
    let all = format!("{stored:?} {events:?} {artifacts:?}");
    for hidden in [
        "KEY=[redacted]",
        "no such key: [redacted]",
        "Uses the key [redacted].",
    ] {
        assert!(all.contains(hidden), "nothing tells {hidden}");
    }
    assert!(!all.contains(KEY));
}

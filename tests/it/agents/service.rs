//! Services of models that refuse to answer.

use std::time::Duration;

use spec_core::attempt::FailureKind;
use spec_core::event::EventBody;
use spec_core::{Phase, Policy, Spec};
use spec_local::LocalSpawner;
use spec_tests::model::{Key, Outcome, Refusal, Script, Turn};

use super::stage::{
    Claude, CodexCli, KEY, Program, Setup, Stage, assert_completed, assert_failed, attempts, policy,
};

const WRONG_KEY: &str = "sk-nobody-knows-0815";

/// Does well for whoever has the right key.
fn guarded() -> Script {
    Script::good().when(|request| {
        let refused = request.key != Key::Expected;
        refused.then(|| Turn::refuse(Refusal::Unauthorized))
    })
}

/// This program has a key that is not accepted, and a lot of patience.
fn locked_out(program: Program) -> Setup {
    let mut setup = Setup {
        retries: 8,
        ..Setup::default()
    };
    match program {
        Claude => setup.claude_key = WRONG_KEY.to_owned(),
        CodexCli => setup.codex_key = WRONG_KEY.to_owned(),
    }
    setup
}

/// No key is in anything that is stored or shown.
async fn assert_no_key(stage: &Stage<LocalSpawner>, spec: &Spec) {
    let events = stage.events(spec.id).await;
    let is_told = events.iter().any(|event| {
        matches!(
            event.body,
            EventBody::RunStopped { .. } | EventBody::RunEnded { .. }
        )
    });
    assert!(is_told);
    let stored = [
        serde_json::to_string(&events).unwrap(),
        serde_json::to_string(spec).unwrap(),
        format!("{events:?} {spec:?} {:?}", stage.machine),
        stage.shown(spec.id).await.join("\n"),
    ];
    for text in stored {
        for key in [KEY, WRONG_KEY] {
            assert!(!text.contains(key), "{text}");
        }
    }
}

#[tokio::test]
async fn a_key_that_is_not_accepted_ends_the_run_at_the_first_sign() {
    for program in Program::ALL {
        let stage = Stage::with(guarded(), locked_out(program)).await;
        let spec = stage.run(policy(program)).await;
        assert_failed(&spec, FailureKind::AgentUnauthorized);
        let failure = spec.failure.clone().unwrap();
        let variable = match program {
            Claude => "ANTHROPIC_API_KEY",
            CodexCli => "OPENAI_API_KEY",
        };
        assert!(failure.message.contains(variable), "{failure}");
        let refused = Some(FailureKind::AgentUnauthorized);
        assert_eq!(attempts(&spec, Phase::Explore), [(program, 0, refused)]);
        let served = stage.model.served();
        // One; and those that came until the program was gone, when this machine is slow.
        assert!(served.len() <= 3, "{served:#?}");
        assert!(served.iter().all(|one| one.outcome == Outcome::Refused));
        assert_no_key(&stage, &spec).await;
        stage.check_account(&spec).await;
    }
}

#[tokio::test]
async fn another_program_whose_key_is_accepted_does_what_the_first_may_not() {
    for program in Program::ALL {
        let stage = Stage::with(guarded(), locked_out(program)).await;
        let spec = stage
            .run(Policy {
                fallback_agent: Some(program.other().name()),
                ..policy(program)
            })
            .await;
        assert_completed(&spec);
        let refused = Some(FailureKind::AgentUnauthorized);
        for phase in [
            Phase::Explore,
            Phase::Requirements,
            Phase::Design,
            Phase::Tasks,
        ] {
            let expected = [(program, 0, refused), (program.other(), 0, None)];
            assert_eq!(attempts(&spec, phase), expected);
        }
        assert_no_key(&stage, &spec).await;
        stage.check_account(&spec).await;
    }
}

fn limited() -> Refusal {
    Refusal::RateLimited(Duration::from_secs(1))
}

#[tokio::test]
async fn what_passes_while_the_program_waits_costs_no_attempt() {
    for program in Program::ALL {
        // It is told to ask again in a second, and waits longer after an error of the server.
        let script = Script::good()
            .first(Phase::Explore, [Turn::refuse(limited())])
            .first(Phase::Requirements, [Turn::refuse(Refusal::ServerError)])
            .first(Phase::Design, [Turn::refuse(Refusal::Overloaded)]);
        let setup = Setup {
            retries: 2,
            ..Setup::default()
        };
        let stage = Stage::with(script, setup).await;
        let spec = stage.run(policy(program)).await;
        assert_completed(&spec);
        for phase in [Phase::Explore, Phase::Requirements, Phase::Design] {
            assert_eq!(attempts(&spec, phase), [(program, 0, None)], "{phase}");
            assert_eq!(stage.requests(phase).len(), 1 + 3);
        }
        stage.check_account(&spec).await;
    }
}

#[tokio::test]
async fn a_service_that_never_answers_well_is_asked_again_with_backoff_and_then_fails() {
    for program in Program::ALL {
        for refusal in [limited(), Refusal::ServerError, Refusal::Overloaded] {
            let stage = Stage::new(Script::always(Turn::refuse(refusal.clone()))).await;
            let spec = stage
                .run(Policy {
                    max_attempts: 2,
                    backoff: Duration::from_secs(1),
                    ..policy(program)
                })
                .await;
            assert_failed(&spec, FailureKind::ModelUnavailable);
            let unavailable = (program, 0, Some(FailureKind::ModelUnavailable));
            let attempts = attempts(&spec, Phase::Explore);
            assert_eq!(attempts, [unavailable, unavailable], "{refusal:?}");
            let second = &spec.phases.get(Phase::Explore).attempts[1];
            let waited = second.not_before.since(second.started_at);
            assert_eq!(waited, Duration::from_secs(1));
            assert_eq!(stage.model.served().len(), 2, "{refusal:?}");
            stage.check_account(&spec).await;
        }
    }
}

#[tokio::test]
async fn a_request_that_is_not_understood_fails_and_says_why() {
    for program in Program::ALL {
        let invalid = Refusal::Invalid("the model cannot do what you ask for 4713".to_owned());
        let stage = Stage::new(Script::always(Turn::refuse(invalid))).await;
        let spec = stage
            .run(Policy {
                max_attempts: 2,
                ..policy(program)
            })
            .await;
        assert_failed(&spec, FailureKind::AgentFailed);
        let message = spec.failure.clone().unwrap().message;
        assert!(message.contains("what you ask for 4713"), "{message}");
        let failed = (program, 0, Some(FailureKind::AgentFailed));
        assert_eq!(attempts(&spec, Phase::Explore), [failed, failed]);
        // Claude Code asks twice again by itself.
        let each = match program {
            Claude => 3,
            CodexCli => 1,
        };
        assert_eq!(stage.model.served().len(), 2 * each);
        stage.check_account(&spec).await;
    }
}

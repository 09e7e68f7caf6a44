//! Models that hand over what cannot be accepted.

use serde_json::Value;
use spec_core::Phase;
use spec_core::Policy;
use spec_core::attempt::FailureKind;
use spec_core::testing::fixture;
use spec_tests::model::{Script, Turn};

use super::stage::{
    Claude, NEVER_SEEN, Program, Stage, assert_completed, assert_failed, attempts, policy,
    unfounded, useless,
};

/// What the host says of the evidence of [`unfounded`].
const FINDING: &str = "evidence.";

/// The script of the same name, but for what this program is asked in EXPLORE.
fn good_except(program: Program, turn: Turn) -> Script {
    Script::good().when(move |request| {
        let hit = request.dialect == program.dialect() && request.phase() == Some(Phase::Explore);
        hit.then(|| turn.clone())
    })
}

fn holds(texts: &[String], part: &str) -> bool {
    texts.iter().any(|text| text.contains(part))
}

#[tokio::test]
async fn evidence_that_does_not_exist_is_refused_and_mended_in_the_same_session() {
    for program in Program::ALL {
        let wrong = Turn::new().submit(unfounded());
        let stage = Stage::new(Script::good().first(Phase::Explore, [wrong])).await;
        let spec = stage.run(policy(program)).await;
        assert_completed(&spec);
        assert_eq!(attempts(&spec, Phase::Explore), [(program, 1, None)]);

        let requests = stage.requests(Phase::Explore);
        assert_eq!(requests.len(), 1 + 3);
        for request in &requests {
            assert_eq!(request.conversation, requests[0].conversation);
        }
        assert!(!holds(&requests[0].user_texts, "was refused. Each line"));
        let repair = requests[1].user_texts.iter();
        let repair: Vec<_> = repair
            .filter(|text| text.contains("Your result of EXPLORE was refused"))
            .collect();
        let [repair] = repair[..] else {
            panic!("not one prompt for the repair: {repair:?}");
        };
        assert!(repair.contains(FINDING), "{repair}");
        assert!(repair.contains("/key_files/0/evidence/0"), "{repair}");
        assert!(!repair.contains("## The idea"), "{repair}");
        // The task is told once.
        let told = requests[3].user_texts.iter();
        assert_eq!(told.filter(|text| text.contains("## The idea")).count(), 1);
        stage.check_account(&spec).await;
    }
}

#[tokio::test]
async fn what_claude_itself_refuses_by_the_schema_it_mends_without_a_repair() {
    let wrong = Turn::new().submit(useless());
    let stage = Stage::new(Script::good().first(Phase::Explore, [wrong])).await;
    let spec = stage.run(policy(Claude)).await;
    assert_completed(&spec);
    assert_eq!(attempts(&spec, Phase::Explore), [(Claude, 0, None)]);
    let requests = stage.requests(Phase::Explore);
    assert_eq!(requests.len(), 1 + 3);
    let refused = requests[1].last_tool_result().unwrap();
    assert!(refused.is_error, "{refused:?}");
    let shown = stage.shown(spec.id).await;
    assert!(holds(&shown, "does not match required schema"), "{shown:?}");
    stage.check_account(&spec).await;
}

#[tokio::test]
async fn what_is_always_refused_goes_to_fresh_sessions_and_then_to_the_other_program() {
    for program in Program::ALL {
        let script = good_except(program, Turn::new().submit(unfounded()));
        let stage = Stage::new(script).await;
        let spec = stage
            .run(Policy {
                max_attempts: 2,
                max_repairs: 1,
                fallback_agent: Some(program.other().name()),
                ..policy(program)
            })
            .await;
        assert_completed(&spec);
        let refused = Some(FailureKind::InvalidOutput);
        let expected = [
            (program, 1, refused),
            (program, 1, refused),
            (program.other(), 0, None),
        ];
        assert_eq!(attempts(&spec, Phase::Explore), expected);

        let requests = stage.requests(Phase::Explore);
        assert_eq!(requests.len(), 2 + 2 + 3);
        let conversation = |at: usize| requests[at].conversation.as_str();
        assert_eq!(conversation(0), conversation(1));
        assert_eq!(conversation(2), conversation(3));
        assert_ne!(conversation(0), conversation(2));
        assert!(!holds(&requests[0].user_texts, NEVER_SEEN));
        for fresh in [2, 4] {
            let told = &requests[fresh].user_texts;
            assert!(holds(told, "What was wrong before"), "{told:?}");
            assert!(holds(told, FINDING), "{told:?}");
            assert!(holds(told, NEVER_SEEN), "{told:?}");
        }
        assert_eq!(requests[4].dialect, program.other().dialect());
        assert_eq!(stage.model.served().len(), 7 + 3 * 3);
        stage.check_account(&spec).await;
    }
}

#[tokio::test]
async fn what_is_always_refused_fails_when_nobody_else_is_there() {
    for program in Program::ALL {
        let script = good_except(program, Turn::new().submit(unfounded()));
        let stage = Stage::new(script).await;
        let spec = stage
            .run(Policy {
                max_attempts: 2,
                max_repairs: 1,
                ..policy(program)
            })
            .await;
        assert_failed(&spec, FailureKind::InvalidOutput);
        let refused = (program, 1, Some(FailureKind::InvalidOutput));
        assert_eq!(attempts(&spec, Phase::Explore), [refused, refused]);
        assert_eq!(stage.model.served().len(), 4);
        stage.check_account(&spec).await;
    }
}

#[tokio::test]
async fn claude_gives_up_on_its_own_schema_check_and_a_fresh_session_does_better() {
    let mut conversations = Vec::new();
    let script = Script::good().when(move |request| {
        let in_explore = request.phase() == Some(Phase::Explore);
        if in_explore && !conversations.contains(&request.conversation) {
            conversations.push(request.conversation.clone());
        }
        (in_explore && conversations.len() == 1).then(|| Turn::new().submit(useless()))
    });
    let stage = Stage::new(script).await;
    let spec = stage.run(policy(Claude)).await;
    assert_completed(&spec);
    let gave_up = Some(FailureKind::InvalidOutput);
    let expected = [(Claude, 0, gave_up), (Claude, 0, None)];
    assert_eq!(attempts(&spec, Phase::Explore), expected);
    let requests = stage.requests(Phase::Explore);
    let first = requests[0].conversation.as_str();
    let own = requests.iter().filter(|one| one.conversation == first);
    assert_eq!(own.count(), 5);
    let told = &requests[5].user_texts;
    assert!(holds(told, "agent.gave_up"), "{told:?}");
    stage.check_account(&spec).await;
}

#[tokio::test]
async fn plain_text_instead_of_a_result_is_not_accepted_and_taken_up_in_the_session() {
    for program in Program::ALL {
        let talk = Turn::new().say("I have written everything down. All done!");
        let turns = program.until_it_ends(&talk);
        let count = turns.len();
        let stage = Stage::new(Script::good().first(Phase::Explore, turns)).await;
        let spec = stage.run(policy(program)).await;
        assert_completed(&spec);
        assert_eq!(attempts(&spec, Phase::Explore), [(program, 1, None)]);
        let requests = stage.requests(Phase::Explore);
        assert_eq!(requests.len(), count + 3);
        let told = &requests[count].user_texts;
        assert!(holds(told, "output.missing"), "{told:?}");
        stage.check_account(&spec).await;
    }
}

#[tokio::test]
async fn a_result_in_a_fence_or_in_a_file_is_accepted() {
    for program in Program::ALL {
        let explore = fixture::output_json(Phase::Explore);
        let fenced = Turn::new().say(format!("Here it is:\n```json\n{explore}\n```\n"));
        let requirements = fixture::output_json(Phase::Requirements);
        let file = Turn::new().shell(format!(
            "cat > \"$SPEC_RUN_DIR/result.json\" <<'END'\n{requirements}\nEND"
        ));
        let mut filed = vec![file];
        filed.extend(program.until_it_ends(&Turn::new().say("It is in the file.")));
        let script = Script::good()
            .first(Phase::Explore, program.until_it_ends(&fenced))
            .first(Phase::Requirements, filed);
        let stage = Stage::new(script).await;
        let spec = stage.run(policy(program)).await;
        assert_completed(&spec);
        for phase in [Phase::Explore, Phase::Requirements] {
            assert_eq!(attempts(&spec, phase), [(program, 0, None)]);
        }
        stage.check_account(&spec).await;
    }
}

#[tokio::test]
async fn json_that_is_no_result_of_the_phase_is_refused_although_the_program_ended_well() {
    for program in Program::ALL {
        let other_phase = fixture::output_json(Phase::Tasks);
        let cut = fixture::output_json(Phase::Requirements).to_string();
        let cut = &cut[..cut.len() / 2];
        let says = |text: String| program.until_it_ends(&Turn::new().say(text));
        let script = Script::good()
            .first(Phase::Explore, says(Value::from(vec![1, 2]).to_string()))
            .first(Phase::Requirements, says(cut.to_owned()))
            .first(Phase::Design, says(format!("```json\n{other_phase}\n```")))
            .first(Phase::Tasks, says("```json\nnull\n```".to_owned()));
        let stage = Stage::new(script).await;
        let spec = stage.run(policy(program)).await;
        assert_completed(&spec);
        for phase in [
            Phase::Explore,
            Phase::Requirements,
            Phase::Design,
            Phase::Tasks,
        ] {
            assert_eq!(attempts(&spec, phase), [(program, 1, None)], "{phase}");
        }
        stage.check_account(&spec).await;
    }
}

//! Limits on what agents may consume.

use spec_core::attempt::FailureKind;
use spec_core::event::ProgressKind;
use spec_core::id::{SpecId, UserId};
use spec_core::policy::Budget;
use spec_core::{Phase, Policy, SandboxSpawner};
use spec_tests::model::{Script, Tokens, Turn};

use super::stage::{
    Claude, CodexCli, Program, Setup, Stage, assert_completed, assert_failed, attempts, policy,
};

fn tokens(limit: u64) -> Budget {
    Budget {
        tokens: Some(limit),
        ..Budget::default()
    }
}

fn dollars(limit: u64) -> Budget {
    Budget {
        cost_micro_usd: Some(limit * 1_000_000),
        ..Budget::default()
    }
}

/// More than half a dollar and less than one, at the price of the model that the program asks for.
fn costing(program: Program) -> Tokens {
    let output = match program {
        Claude => 30_000,
        CodexCli => 60_000,
    };
    Tokens {
        input: 1_000,
        output,
        ..Tokens::default()
    }
}

/// The first session looks around twice in EXPLORE, and would then go on: what it asks for next is
/// not answered before the run is over.
fn spending(program: Program) -> Script {
    let mut first = None;
    let mut asked = 0;
    Script::good().when(move |request| {
        let session = first.get_or_insert_with(|| request.conversation.clone());
        if request.conversation != *session {
            return None;
        }
        asked += 1;
        // Codex tells each second what its tools have led to: in two steps, if they take their time.
        let command = match program {
            Claude => "ls",
            CodexCli => "sleep 2",
        };
        let look = Turn::new().shell(command).costing(costing(program));
        Some(if asked <= 2 { look } else { Turn::hang() })
    })
}

async fn warnings<P: SandboxSpawner>(stage: &Stage<P>, id: SpecId) -> Vec<String> {
    let items = stage.items(id).await.into_iter();
    items
        .filter(|item| item.kind == ProgressKind::Warning)
        .map(|item| item.text)
        .collect()
}

/// It is stopped in the middle of EXPLORE at this limit, and goes on with the larger one.
async fn stopped_and_let_go_on(program: Program, limit: Budget, larger: Budget) {
    let stage = Stage::new(spending(program)).await;
    let spec = stage
        .run(Policy {
            budget: limit,
            budget_warning_percent: 50,
            ..policy(program)
        })
        .await;
    assert_failed(&spec, FailureKind::BudgetExceeded);
    let over = (program, 0, Some(FailureKind::BudgetExceeded));
    assert_eq!(attempts(&spec, Phase::Explore), [over]);
    let message = spec.failure.clone().unwrap().message;
    assert!(
        message.contains("budget of the spec is used up"),
        "{message}"
    );
    stage.check_account(&spec).await;
    let warned = warnings(&stage, spec.id).await;
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(warned[0].contains(" % of the "), "{warned:?}");

    let user = UserId::new("ada").unwrap();
    stage
        .machine
        .set_budget(spec.id, user, Some(larger), None)
        .await
        .unwrap();
    let spec = stage.end(spec.id).await;
    assert_completed(&spec);
    assert_eq!(attempts(&spec, Phase::Explore), [over, (program, 0, None)]);
    stage.check_account(&spec).await;
}

#[tokio::test]
async fn tokens_beyond_the_limit_stop_the_run_and_a_larger_limit_lets_it_go_on() {
    for program in Program::ALL {
        let each = costing(program);
        let limit = tokens(each.input + each.output + 5_000);
        stopped_and_let_go_on(program, limit, tokens(1_000_000)).await;
    }
}

#[tokio::test]
async fn money_beyond_the_limit_stops_the_run_and_a_larger_limit_lets_it_go_on() {
    for program in Program::ALL {
        stopped_and_let_go_on(program, dollars(1), dollars(1_000)).await;
    }
}

#[tokio::test]
async fn claude_stops_by_itself_at_the_limit_that_it_is_told() {
    let look = |command: &str| Turn::new().shell(command).costing(costing(Claude));
    let turns = [look("echo one"), look("echo two"), look("echo three")];
    let setup = Setup {
        claude_arguments: vec!["--max-budget-usd".to_owned(), "1".to_owned()],
        ..Setup::default()
    };
    let stage = Stage::with(Script::good().first(Phase::Explore, turns), setup).await;
    let spec = stage.run(policy(Claude)).await;
    assert_failed(&spec, FailureKind::BudgetExceeded);
    let over = (Claude, 0, Some(FailureKind::BudgetExceeded));
    assert_eq!(attempts(&spec, Phase::Explore), [over]);
    // It looks after each answer.
    assert_eq!(stage.model.served().len(), 2);
    stage.check_account(&spec).await;
}

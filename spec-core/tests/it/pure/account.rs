//! Every run is counted once, and none is begun that the budget does not pay for.

use super::*;

#[test]
fn a_used_up_budget_ends_the_phase_and_a_larger_one_lets_it_go_on() {
    let mut history = History::begin(start(true, 1, 0));
    history.happen(Happening::SetBudget(14));
    history.run_to_the_end(|_| Happening::Cooperate);
    let failure = history.spec.failure.clone().unwrap();
    assert_eq!(
        (failure.phase, failure.kind),
        (Phase::Design, FailureKind::BudgetExceeded)
    );
    assert_eq!(
        failure.message,
        "the budget of the spec is used up: 14 tokens of 14 are used"
    );
    let set = |history: &History, tokens| {
        let budget = Budget {
            tokens: Some(tokens),
            cost_micro_usd: None,
        };
        let command = Command::SetBudget {
            by: user(),
            budget: Some(budget),
            phase_budget: None,
        };
        apply(&history.spec, Input::Command(command), history.now)
    };
    assert!(matches!(
        set(&history, 14),
        Err(Refusal::BudgetExceeded { .. })
    ));
    let before = names(&history).len();
    history.happen(Happening::SetBudget(28));
    assert_eq!(
        names(&history)[before..],
        [
            "spec.budget_changed",
            "spec.execution_resumed",
            "spec.phase_started"
        ]
    );
    history.run_to_the_end(|_| Happening::Cooperate);
    assert_eq!(history.spec.status, SpecStatus::Completed);
    // What was done is not done again.
    assert_eq!(history.spec.usage.tokens(), 5 * 7);
    assert_eq!(history.spec.phases.get(Phase::Design).attempts.len(), 2);
    history.check_replay();
}

#[test]
fn what_a_cancelled_run_has_consumed_is_counted_before_its_sandbox_ends() {
    let mut history = History::begin(start(true, 1, 0));
    history.happen(Happening::Cooperate);
    history.happen(Happening::Cooperate);
    history.happen(Happening::Cancel);
    assert!(matches!(
        next_action(&history.spec, history.now),
        Action::Account(_)
    ));
    history.run_to_the_end(|_| Happening::Cooperate);
    assert_eq!(history.spec.status, SpecStatus::Cancelled);
    assert_eq!(history.spec.usage.tokens(), 7);
}

/// Whoever started it may have died before saying so.
#[test]
fn a_run_that_may_have_been_started_is_counted_before_its_sandbox_ends() {
    for end in [Happening::Cancel, Happening::SetBudget(1)] {
        let mut history = History::begin(start(true, 2, 1));
        until_evaluated(&mut history);
        history.happen(Happening::Rejected(true));
        let Action::Start(run) = next_action(&history.spec, history.now) else {
            panic!("{:?}", history.spec)
        };
        history.happen(end);
        assert_eq!(
            next_action(&history.spec, history.now),
            Action::Account(run),
            "{end:?}"
        );
        history.happen(Happening::Cooperate);
        history.check();
        assert_eq!(history.spec.usage.tokens(), 14);
        history.run_to_the_end(|_| Happening::Cooperate);
        assert!(history.spec.status.is_terminal());
    }
}

#[test]
fn a_run_that_began_under_an_earlier_version_can_be_stopped() {
    let mut history = History::begin(start(true, 1, 0));
    while !matches!(
        next_action(&history.spec, history.now),
        Action::Follow { .. }
    ) {
        history.happen(Happening::Cooperate);
    }
    let mut stored = serde_json::to_value(&history.spec).unwrap();
    let attempt = &mut stored["phases"]["explore"]["attempts"][0];
    let removed = attempt.as_object_mut().unwrap().remove("uncounted");
    assert_eq!(removed, Some(json!(0)));
    history.spec = serde_json::from_value(stored).unwrap();
    history.happen(Happening::RunStopped(FailureKind::TooMuchOutput));
    let failure = history.spec.failure.clone().unwrap();
    assert_eq!(failure.kind, FailureKind::TooMuchOutput);
    assert_eq!(history.spec.usage.tokens(), 7);
}

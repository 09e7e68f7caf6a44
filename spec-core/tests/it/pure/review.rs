//! Gates, changes that are asked for, pauses, and phases that are done again.

use super::*;

fn gate_after(phase: Phase) -> Gates {
    let mut gates = Gates::default();
    *match phase {
        Phase::Explore => &mut gates.explore,
        Phase::Requirements => &mut gates.requirements,
        Phase::Design => &mut gates.design,
        Phase::Tasks => &mut gates.tasks,
        Phase::Sync => &mut gates.sync,
    } = Gate::Approve;
    gates
}

/// A history that waits at the gate of `phase`.
fn waiting_at(phase: Phase) -> History {
    let mut history = History::begin(start_with(true, 3, 1, gate_after(phase)));
    history.run_to_the_end(|_| Happening::Cooperate);
    assert_eq!(history.spec.status, SpecStatus::AwaitingApproval);
    assert_eq!(history.spec.current_phase(), Some(phase));
    history
}

fn completed() -> History {
    let mut history = History::begin(start(true, 3, 1));
    history.run_to_the_end(|_| Happening::Cooperate);
    assert_eq!(history.spec.status, SpecStatus::Completed);
    history
}

fn refusal(history: &History, happening: Happening) -> Refusal {
    let input = input(&history.spec, happening, history.now).unwrap();
    apply(&history.spec, input, history.now).unwrap_err()
}

fn status(history: &History, phase: Phase) -> PhaseStatus {
    history.spec.phases.get(phase).status
}

#[test]
fn a_spec_waits_at_each_gate_with_its_sandbox_gone_until_it_is_approved() {
    for phase in Phase::ALL {
        let mut history = waiting_at(phase);
        assert_eq!(next_action(&history.spec, history.now), Action::Nothing);
        assert_eq!(due_at(&history.spec), None);
        assert!(history.spec.attempts().all(|(_, a)| a.sandbox.is_settled()));
        assert_eq!(
            progress(&history.spec).headline,
            format!("Waiting for approval of {phase}")
        );
        history.happen(Happening::Approve(true));
        history.check();
        history.run_to_the_end(|_| Happening::Cooperate);
        assert_eq!(history.spec.status, SpecStatus::Completed, "{phase}");
        assert_eq!(history.spec.attempts().count(), 5);
        history.check_replay();
    }
}

#[test]
fn an_approval_of_other_content_is_refused_and_one_that_is_repeated_changes_nothing() {
    let mut history = waiting_at(Phase::Design);
    let (verb, phase) = ("approve", Phase::Design);
    assert_eq!(
        refusal(&history, Happening::Approve(false)),
        Refusal::StaleArtifact { verb, phase }
    );
    let repeated = input(&history.spec, Happening::Approve(true), history.now).unwrap();
    history.happen(Happening::Approve(true));
    let again = apply(&history.spec, repeated, history.now).unwrap();
    assert_eq!(again.events, []);
    let never = Command::Approve {
        by: user(),
        phase: Phase::Tasks,
        content_hash: ContentHash::of(b""),
    };
    assert_eq!(
        apply(&history.spec, Input::Command(never), history.now).unwrap_err(),
        Refusal::NotAwaitingApproval {
            verb,
            phase: Phase::Tasks
        }
    );
}

#[test]
fn changes_that_are_asked_for_reach_every_attempt_until_the_phase_is_approved() {
    let mut history = waiting_at(Phase::Requirements);
    for round in 1..=12 {
        history.happen(Happening::RequestChanges(true));
        assert_eq!(status(&history, Phase::Requirements), PhaseStatus::Running);
        let feedback = &history.spec.phases.get(Phase::Requirements).feedback;
        assert_eq!(feedback.len(), round.min(PhaseState::MAX_FEEDBACK));
        assert_eq!(feedback[0].comment, comment());
        until_evaluated(&mut history);
        history.happen(Happening::AttemptFailed(true));
        let feedback = &history.spec.phases.get(Phase::Requirements).feedback;
        assert_eq!(feedback.len(), round.min(PhaseState::MAX_FEEDBACK));
        history.run_to_the_end(|_| Happening::Cooperate);
        assert_eq!(history.spec.status, SpecStatus::AwaitingApproval);
        let state = history.spec.phases.get(Phase::Requirements);
        assert_eq!(state.accepted.unwrap().version.get() as usize, round + 1);
    }
    history.happen(Happening::Approve(true));
    let state = history.spec.phases.get(Phase::Requirements);
    assert_eq!(state.feedback, []);
    assert_eq!(state.approval.as_ref().unwrap().version.get(), 13);
    history.check_replay();
}

#[test]
fn a_pause_ends_the_attempt_and_a_resume_begins_the_phase_anew() {
    let mut history = History::begin(start(true, 1, 0));
    until_evaluated(&mut history);
    history.happen(Happening::Cooperate);
    history.happen(Happening::Cooperate);
    history.happen(Happening::Cooperate);
    history.happen(Happening::Pause);
    history.check();
    assert_eq!(history.spec.status, SpecStatus::Paused);
    assert_eq!(history.spec.active_attempt(), None);
    let revision = history.spec.revision;
    history.happen(Happening::Pause);
    assert_eq!(history.spec.revision, revision, "a pause is safe to repeat");
    history.run_to_the_end(|_| Happening::Cooperate);
    history.check();
    assert_eq!(history.spec.status, SpecStatus::Paused);
    assert_eq!(due_at(&history.spec), None);
    assert_eq!(progress(&history.spec).headline, "Paused in requirements");
    history.happen(Happening::Resume);
    history.run_to_the_end(|_| Happening::Cooperate);
    assert_eq!(history.spec.status, SpecStatus::Completed);
    let attempts = &history.spec.phases.get(Phase::Requirements).attempts;
    assert_eq!(attempts.len(), 2, "a pause uses up no attempt");
    history.check();
    history.check_replay();
}

#[test]
fn a_failed_phase_is_done_again_with_all_its_attempts() {
    let mut history = History::begin(start(true, 2, 0));
    for _attempt in 0..2 {
        until_evaluated(&mut history);
        history.happen(Happening::Rejected(true));
    }
    history.run_to_the_end(|_| Happening::Cooperate);
    assert_eq!(history.spec.status, SpecStatus::Failed);
    assert_eq!(
        refusal(&history, Happening::Retry(Phase::Requirements)),
        Refusal::NotReached {
            verb: "retry",
            phase: Phase::Requirements,
            before: Phase::Explore
        }
    );
    history.happen(Happening::Retry(Phase::Explore));
    assert_eq!(history.spec.failure, None);
    until_evaluated(&mut history);
    history.happen(Happening::Rejected(true));
    history.run_to_the_end(|_| Happening::Cooperate);
    assert_eq!(history.spec.status, SpecStatus::Completed);
    let explore = history.spec.phases.get(Phase::Explore);
    assert_eq!(explore.attempts.len(), 4);
    assert_eq!(explore.feedback, [], "the gate was passed");
    history.check_replay();
}

#[test]
fn what_builds_on_a_phase_that_is_done_again_is_done_again_in_order() {
    let mut history = completed();
    history.happen(Happening::Retry(Phase::Design));
    history.check();
    assert_eq!(
        status(&history, Phase::Requirements),
        PhaseStatus::Completed
    );
    assert_eq!(status(&history, Phase::Design), PhaseStatus::Running);
    assert_eq!(status(&history, Phase::Tasks), PhaseStatus::Stale);
    assert_eq!(status(&history, Phase::Sync), PhaseStatus::Stale);
    assert!(history.spec.commit.is_some());
    history.run_to_the_end(|_| Happening::Cooperate);
    assert_eq!(history.spec.status, SpecStatus::Completed);
    let versions = history.spec.phases.iter();
    let versions: Vec<_> = versions
        .map(|(_, state)| state.accepted.unwrap().version.get())
        .collect();
    assert_eq!(versions, [1, 1, 2, 2, 2]);
    history.check_replay();
}

#[test]
fn a_spec_that_is_explored_again_takes_the_repository_as_it_is_now() {
    let mut history = completed();
    history.happen(Happening::Retry(Phase::Explore));
    assert_eq!(history.spec.commit, None);
    history.run_to_the_end(|_| Happening::Cooperate);
    assert!(history.spec.commit.is_some());
}

#[test]
fn a_spec_that_waits_can_be_cancelled_and_is_not_done_again_after_that() {
    for mut history in [waiting_at(Phase::Explore), {
        let mut paused = History::begin(start(true, 1, 0));
        paused.happen(Happening::Pause);
        paused
    }] {
        history.happen(Happening::Cancel);
        history.run_to_the_end(|_| Happening::Cooperate);
        assert_eq!(history.spec.status, SpecStatus::Cancelled);
        assert_eq!(
            refusal(&history, Happening::Retry(Phase::Explore)),
            Refusal::Forbidden {
                verb: "retry",
                status: SpecStatus::Cancelled
            }
        );
        history.check();
        history.check_replay();
    }
}

#[test]
fn nothing_is_begun_that_cannot_be_paid() {
    let mut history = waiting_at(Phase::Explore);
    history.happen(Happening::SetBudget(7));
    for happening in [
        Happening::RequestChanges(true),
        Happening::Retry(Phase::Explore),
    ] {
        let refusal = refusal(&history, happening);
        assert!(
            matches!(refusal, Refusal::BudgetExceeded { .. }),
            "{refusal}"
        );
    }
    assert_eq!(allowed(&history.spec).approve, Some(Phase::Explore));
}

#[test]
fn an_archived_spec_takes_no_command() {
    let mut history = completed();
    history.happen(Happening::Archive);
    let refusal = refusal(&history, Happening::Retry(Phase::Explore));
    assert_eq!(refusal.to_string(), "cannot retry a spec that is archived");
}

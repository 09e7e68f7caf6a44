//! What a person makes of a phase's artifact: approval, changes, another try.

use super::Change;
use crate::event::EventBody;
use crate::id::{ContentHash, UserId};
use crate::machine::Refusal;
use crate::phase::Phase;
use crate::spec::{AcceptedArtifact, Comment};
use crate::status::PhaseStatus;

impl Change {
    pub(super) fn approve(
        &mut self,
        by: UserId,
        phase: Phase,
        content_hash: ContentHash,
    ) -> Result<(), Refusal> {
        let approval = self.spec.phases.get(phase).approval.as_ref();
        if approval.is_some_and(|approval| approval.content_hash == content_hash) {
            // Said twice, or by two people at once.
            return Ok(());
        }
        let accepted = self.expect_waiting("approve", phase, content_hash)?;
        self.push(EventBody::PhaseApproved {
            by,
            phase,
            version: accepted.version,
            content_hash,
        })?;
        self.go_on_after(phase)
    }

    pub(super) fn request_changes(
        &mut self,
        by: UserId,
        phase: Phase,
        content_hash: ContentHash,
        comment: Comment,
    ) -> Result<(), Refusal> {
        let accepted = self.expect_waiting("request changes to", phase, content_hash)?;
        self.require_budget(phase)?;
        self.push(EventBody::ChangesRequested {
            by,
            phase,
            version: accepted.version,
            content_hash,
            comment,
        })?;
        self.start_phase(phase)
    }

    pub(super) fn retry(
        &mut self,
        by: UserId,
        phase: Phase,
        feedback: Option<Comment>,
    ) -> Result<(), Refusal> {
        let undone = self
            .spec
            .phases
            .iter()
            .take_while(|(before, _)| *before < phase)
            .find(|(_, state)| state.status != PhaseStatus::Completed);
        if let Some((before, _)) = undone {
            return Err(Refusal::NotReached {
                verb: "retry",
                phase,
                before,
            });
        }
        self.require_budget(phase)?;
        self.push(EventBody::RetryRequested {
            by,
            phase,
            feedback,
        })?;
        self.start_phase(phase)
    }

    /// The artifact of `phase`, if that waits for approval and is the one that is spoken of.
    fn expect_waiting(
        &self,
        verb: &'static str,
        phase: Phase,
        content_hash: ContentHash,
    ) -> Result<AcceptedArtifact, Refusal> {
        let state = self.spec.phases.get(phase);
        let accepted = state.accepted;
        match accepted {
            // Somebody has looked at what is not there any more, whatever has become of the phase.
            Some(accepted) if accepted.content_hash != content_hash => {
                Err(Refusal::StaleArtifact { verb, phase })
            }
            Some(accepted) if state.status == PhaseStatus::AwaitingApproval => Ok(accepted),
            Some(_) | None => Err(Refusal::NotAwaitingApproval { verb, phase }),
        }
    }
}

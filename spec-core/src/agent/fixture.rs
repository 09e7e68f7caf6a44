//! A task, for tests of plans, and a stage on which they are run.

mod stage;

pub(super) use stage::Stage;

use uuid::Uuid;

use super::{AgentContext, AgentTask, PROTOCOL_VERSION, Resume, RunPlan};
use crate::artifact::schema;
use crate::id::{AttemptKey, AttemptNumber, CommitId, RepairNumber, SpecId};
use crate::phase::Phase;
use crate::policy::Budget;
use crate::sandbox::Layout;
use crate::spec::{Description, Title};

/// The first run of EXPLORE.
pub(super) fn task() -> AgentTask {
    let layout = Layout {
        root: "/sandbox".to_owned(),
        repository: "/sandbox/repo".to_owned(),
    };
    let key = AttemptKey {
        spec_id: SpecId::from_uuid(Uuid::from_u128(1)),
        phase: Phase::Explore,
        attempt: AttemptNumber::first(),
    };
    let repair = RepairNumber::new(0);
    AgentTask {
        run: key.run_key(repair),
        prompt: "Explore.".to_owned(),
        schema: schema(key.phase),
        context: AgentContext {
            protocol: PROTOCOL_VERSION,
            spec_id: key.spec_id,
            phase: key.phase,
            attempt: key.attempt,
            repair,
            title: Title::new("T").unwrap(),
            description: Description::new("D").unwrap(),
            repository: layout.repository.clone(),
            commit: CommitId::new("0".repeat(40)).unwrap(),
            outputs: [].into(),
            findings: Vec::new(),
            feedback: Vec::new(),
            previous: None,
        },
        layout,
        resume: None,
        limits: Budget::default(),
    }
}

/// A session to go on in.
pub(super) fn resume(session: &str) -> Resume {
    Resume {
        session: session.parse().unwrap(),
        prompt: "Go on.".to_owned(),
    }
}

/// Whether the plan has what is new for the session, beside the whole task.
pub(super) fn has_resume(plan: &RunPlan) -> bool {
    let has = |name: &str, content: &[u8]| {
        let mut files = plan.files.iter();
        files.any(|file| file.path.as_str().ends_with(name) && file.content == content)
    };
    has("/resume.md", b"Go on.") && has("/prompt.md", b"Explore.")
}

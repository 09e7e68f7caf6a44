//! A task, for tests of plans.

use uuid::Uuid;

use super::{AgentContext, AgentTask, PROTOCOL_VERSION, RunLimits};
use crate::artifact::schema;
use crate::id::{AttemptKey, AttemptNumber, CommitId, RepairNumber, SpecId};
use crate::phase::Phase;
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
        },
        layout,
        resume: None,
        limits: RunLimits::default(),
    }
}

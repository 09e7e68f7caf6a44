//! Specs to be stored.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use spec_core::clock::Clock;
use spec_core::id::{AgentName, ProjectId, SpecId, UserId};
use spec_core::machine::{NewSpec, launch};
use spec_core::policy::Policy;
use spec_core::spec::{Description, Title};
use spec_core::store::Create;
use spec_core::testing::ManualClock;
use uuid::Uuid;

/// A request for a spec of a project, which is due.
pub(crate) fn create(project: &str) -> Create {
    launched(project, true)
}

/// Likewise, for one that waits for a person.
#[cfg(feature = "postgres")]
pub(crate) fn draft(project: &str) -> Create {
    launched(project, false)
}

fn launched(project: &str, auto_execute: bool) -> Create {
    let new = NewSpec {
        id: SpecId::from_uuid(Uuid::now_v7()),
        project_id: ProjectId::new(project).unwrap(),
        owner: UserId::new("ada").unwrap(),
        title: Title::new("Export invoices").unwrap(),
        description: Description::new("Let people export invoices as CSV.").unwrap(),
        policy: Policy::default(),
        agent: AgentName::new("scripted").unwrap(),
        auto_execute,
    };
    let transition = launch(new, ManualClock::default().now()).unwrap();
    Create {
        spec: transition.spec,
        events: transition.events,
        idempotency_key: None,
        runner: None,
    }
}

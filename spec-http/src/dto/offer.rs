//! What is offered to whoever launches.

use schemars::JsonSchema;
use serde::Serialize;
use spec_core::Policy;
use spec_core::id::{AgentName, ProjectId, UserId};
use spec_core::project::ProjectSummary;

/// Body of `GET /projects`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProjectList {
    projects: Vec<ProjectItem>,
    /// The project of a launch that names none; `null` when it has to name one.
    default_project_id: Option<ProjectId>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ProjectItem {
    id: ProjectId,
    name: String,
}

impl ProjectList {
    pub(crate) fn new(projects: Vec<ProjectSummary>, default: Option<ProjectId>) -> Self {
        let item = |ProjectSummary { id, name }| ProjectItem { id, name };
        Self {
            projects: projects.into_iter().map(item).collect(),
            default_project_id: default,
        }
    }
}

/// Body of `GET /capabilities`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Capabilities {
    /// Whether `POST /quick-tasks` makes tasks here.
    pub(crate) quick_tasks: bool,
    /// The agents that a policy may name.
    pub(crate) agents: Vec<AgentName>,
    /// The agent where neither the policy nor the project names one; `null` when there is none.
    pub(crate) default_agent: Option<AgentName>,
    /// The policy of a launch that names none.
    pub(crate) default_policy: Policy,
    /// The caller.
    pub(crate) user: UserId,
}

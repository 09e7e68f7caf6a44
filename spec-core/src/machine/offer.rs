//! What a host offers to whoever launches: projects and agents.

use super::SpecStateMachine;
use crate::error::Error;
use crate::id::{AgentName, ProjectId, UserId};
use crate::project::ProjectSummary;
use crate::sandbox::SandboxSpawner;
use crate::store::SpecStore;

impl<S: SpecStore, P: SandboxSpawner> SpecStateMachine<S, P> {
    /// The registered agents, by name: name and description.
    pub fn agents(&self) -> impl Iterator<Item = (&AgentName, &str)> {
        self.host
            .agents
            .iter()
            .map(|(name, agent)| (name, agent.description()))
    }

    /// The agent that is used where neither the policy nor the project names one; `None` when no agent
    /// is registered.
    #[must_use]
    pub fn default_agent(&self) -> Option<&AgentName> {
        self.host.default_agent.as_ref()
    }

    /// The projects that `principal` may pick from, at most 1,000, in the order of the host.
    ///
    /// # Errors
    ///
    /// [`Project`](Error::Project).
    pub async fn projects(&self, principal: &UserId) -> Result<Vec<ProjectSummary>, Error> {
        let projects = self.host.projects.list(principal).await;
        projects.map_err(Error::Project)
    }

    /// The project that a launch by `principal` is for when it names none; `None` when it has to name
    /// one.
    ///
    /// # Errors
    ///
    /// [`Project`](Error::Project).
    pub async fn default_project(&self, principal: &UserId) -> Result<Option<ProjectId>, Error> {
        let project = self.host.projects.default_project(principal).await;
        project.map_err(Error::Project)
    }

    /// Checks that there is such a project and that `principal` may use it.
    ///
    /// # Errors
    ///
    /// [`UnknownProject`](Error::UnknownProject), without telling which of the two it is;
    /// [`Project`](Error::Project).
    pub async fn require_project(
        &self,
        project: &ProjectId,
        principal: &UserId,
    ) -> Result<(), Error> {
        let found = self.host.projects.project(project, principal).await;
        match found.map_err(Error::Project)? {
            Some(_) => Ok(()),
            None => Err(Error::UnknownProject {
                project: project.clone(),
            }),
        }
    }
}

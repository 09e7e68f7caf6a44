//! The port through which the host names its projects: [`ProjectSource`].

use std::error::Error as StdError;
use std::fmt;

use async_trait::async_trait;

use crate::id::{AgentName, ProjectId, UserId};
use crate::sandbox::Checkout;

/// A project, as far as the machine needs to know it.
#[derive(Debug, Clone)]
pub struct Project {
    /// The host's id.
    pub id: ProjectId,
    /// A name to show.
    pub name: String,
    /// Its repository. A reference that names a commit is used as it is; otherwise the commit found
    /// by EXPLORE is pinned for the rest of the spec.
    pub checkout: Checkout,
    /// The agent to use when the policy names none.
    pub default_agent: Option<AgentName>,
}

impl Project {
    /// A project that is shown by its id and leaves the choice of an agent to others.
    ///
    /// ```
    /// use spec_core::project::Project;
    /// use spec_core::sandbox::{Checkout, Secret};
    ///
    /// # fn shop(token: String) -> Result<Project, spec_core::InvalidInput> {
    /// let checkout = Checkout::new("https://git.example.com/shop.git")
    ///     .with_credentials("x-access-token", Secret::new(token));
    /// Ok(Project::new("shop".parse()?, checkout).with_name("The shop"))
    /// # }
    /// ```
    #[must_use]
    pub fn new(id: ProjectId, checkout: Checkout) -> Self {
        Self {
            name: id.as_str().to_owned(),
            id,
            checkout,
            default_agent: None,
        }
    }

    /// Shows it as `name`.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Uses `agent` where a policy names none.
    #[must_use]
    pub fn with_default_agent(mut self, agent: AgentName) -> Self {
        self.default_agent = Some(agent);
        self
    }
}

/// A project in a list to pick from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectSummary {
    /// The host's id.
    pub id: ProjectId,
    /// A name to show.
    pub name: String,
}

/// The host's project directory failed.
#[derive(Debug)]
pub struct ProjectError {
    message: String,
    retryable: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl ProjectError {
    /// A failure that another try may overcome.
    #[must_use]
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retryable: true,
            source: None,
        }
    }

    /// A failure that stays.
    #[must_use]
    pub fn permanent(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            retryable: false,
            source: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// True when another try may help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }
}

impl fmt::Display for ProjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for ProjectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Knows the host's projects and who may use them.
#[async_trait]
pub trait ProjectSource: fmt::Debug + Send + Sync + 'static {
    /// The project, if it exists and `principal` may use it; `None` otherwise, without telling
    /// which. Called at launch and again before every sandbox, so that credentials may be short-lived.
    ///
    /// # Errors
    ///
    /// When the directory cannot be asked.
    async fn project(
        &self,
        id: &ProjectId,
        principal: &UserId,
    ) -> Result<Option<Project>, ProjectError>;

    /// The project to use when `principal` names none.
    ///
    /// # Errors
    ///
    /// When the directory cannot be asked.
    async fn default_project(&self, principal: &UserId) -> Result<Option<ProjectId>, ProjectError>;

    /// The projects that `principal` may pick from, at most 1,000.
    ///
    /// # Errors
    ///
    /// When the directory cannot be asked.
    async fn list(&self, principal: &UserId) -> Result<Vec<ProjectSummary>, ProjectError>;
}

/// Projects fixed when the program starts; every principal may use each of them.
#[derive(Debug, Clone, Default)]
pub struct StaticProjects {
    projects: Vec<Project>,
}

impl StaticProjects {
    /// The given projects; the first is the default when it is the only one.
    #[must_use]
    pub fn new(projects: impl IntoIterator<Item = Project>) -> Self {
        Self {
            projects: projects.into_iter().collect(),
        }
    }
}

#[async_trait]
impl ProjectSource for StaticProjects {
    async fn project(
        &self,
        id: &ProjectId,
        _principal: &UserId,
    ) -> Result<Option<Project>, ProjectError> {
        Ok(self
            .projects
            .iter()
            .find(|project| project.id == *id)
            .cloned())
    }

    async fn default_project(
        &self,
        _principal: &UserId,
    ) -> Result<Option<ProjectId>, ProjectError> {
        Ok(match self.projects.as_slice() {
            [only] => Some(only.id.clone()),
            _ => None,
        })
    }

    async fn list(&self, _principal: &UserId) -> Result<Vec<ProjectSummary>, ProjectError> {
        let summary = |p: &Project| ProjectSummary {
            id: p.id.clone(),
            name: p.name.clone(),
        };
        Ok(self.projects.iter().take(1000).map(summary).collect())
    }
}

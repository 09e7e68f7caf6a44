//! Projects named by their paths, for a program that serves one person on one machine.

use std::path::Path;

use async_trait::async_trait;
use spec_core::ProjectSource;
use spec_core::id::{ProjectId, UserId};
use spec_core::project::{Project, ProjectError, ProjectSummary};

use crate::host::project;

/// Takes every project id for the path of a repository on this machine.
///
/// For `launch` only: whoever starts the program may read those folders anyway.
#[derive(Debug, Clone, Copy, Default)]
pub struct PathProjects;

#[async_trait]
impl ProjectSource for PathProjects {
    async fn project(
        &self,
        id: &ProjectId,
        _principal: &UserId,
    ) -> Result<Option<Project>, ProjectError> {
        let path = Path::new(id.as_str());
        if !path.is_absolute() {
            return Ok(None);
        }
        // A folder that is gone or no repository any more is the spawner's to explain.
        project(id.clone(), path)
            .map(Some)
            .map_err(|e| ProjectError::permanent(e.to_string()))
    }

    async fn default_project(
        &self,
        _principal: &UserId,
    ) -> Result<Option<ProjectId>, ProjectError> {
        Ok(None)
    }

    async fn list(&self, _principal: &UserId) -> Result<Vec<ProjectSummary>, ProjectError> {
        Ok(Vec::new())
    }
}

//! Bodies of `POST /quick-tasks`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spec_core::id::{ProjectId, UserId};
use spec_core::spec::{Description, Title};

use super::fields::{checked, required};
use crate::error::ApiError;
use crate::quick_tasks::{CreatedQuickTask, QuickTask};

/// Body of `POST /quick-tasks`.
// As with a launch, all that is wrong is told together, hence the options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuickTaskBody {
    #[schemars(with = "Title")]
    title: Option<String>,
    /// What is to be done, exactly as typed.
    #[schemars(with = "Description")]
    description: Option<String>,
    /// The project it is for.
    #[schemars(with = "Option<ProjectId>")]
    project_id: Option<String>,
}

impl QuickTaskBody {
    /// The task that is asked for, or everything that is wrong with it.
    pub(crate) fn into_task(self, by: UserId) -> Result<QuickTask, ApiError> {
        let Self {
            title,
            description,
            project_id,
        } = self;
        let mut errors = Vec::new();
        let title = required("title", title, Title::new, &mut errors);
        let description = required("description", description, Description::new, &mut errors);
        let project_id = project_id.map(|text| checked(ProjectId::new(text), &mut errors));
        let (Some(title), Some(description), true) = (title, description, errors.is_empty()) else {
            return Err(ApiError::invalid_fields(errors));
        };
        Ok(QuickTask {
            by,
            project_id: project_id.flatten(),
            title,
            description,
        })
    }
}

/// Answer to `POST /quick-tasks`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct QuickTaskCreated {
    /// What the host calls it.
    task_id: String,
    /// Where a person can look at it, if anywhere.
    url: Option<String>,
}

impl From<CreatedQuickTask> for QuickTaskCreated {
    fn from(created: CreatedQuickTask) -> Self {
        let CreatedQuickTask { task_id, url } = created;
        Self { task_id, url }
    }
}

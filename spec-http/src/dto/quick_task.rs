//! Bodies of `POST /quick-tasks`.

use serde::{Deserialize, Serialize};
use spec_core::id::{ProjectId, UserId};
use spec_core::spec::{Description, Title};

use super::fields::{checked, required};
use crate::error::ApiError;
use crate::quick_tasks::{CreatedQuickTask, QuickTask};

/// What is asked for. As with a launch, all that is wrong is told together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuickTaskBody {
    title: Option<String>,
    description: Option<String>,
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

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct QuickTaskCreated {
    task_id: String,
    url: Option<String>,
}

impl From<CreatedQuickTask> for QuickTaskCreated {
    fn from(created: CreatedQuickTask) -> Self {
        let CreatedQuickTask { task_id, url } = created;
        Self { task_id, url }
    }
}

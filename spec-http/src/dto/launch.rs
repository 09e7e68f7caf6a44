//! Bodies of `POST /specs/launch`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use spec_core::id::{IdempotencyKey, ProjectId, SandboxId, SpecId, UserId};
use spec_core::machine::LaunchRequest;
use spec_core::spec::{Description, Title};
use spec_core::{Phase, Policy};

use super::fields::{checked, required};
use super::policy;
use crate::error::ApiError;

/// What is asked for. A field that is required and absent is told together with all others that are
/// wrong, hence the options.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LaunchBody {
    title: Option<String>,
    description: Option<String>,
    project_id: Option<String>,
    auto_execute: Option<bool>,
    policy: Option<Map<String, Value>>,
}

impl LaunchBody {
    /// The launch that is asked for, or everything that is wrong with it. What its policy leaves out
    /// is as in `default_policy`.
    pub(crate) fn into_request(
        self,
        owner: UserId,
        idempotency_key: Option<IdempotencyKey>,
        default_policy: &Policy,
    ) -> Result<LaunchRequest, ApiError> {
        let mut errors = Vec::new();
        let title = required("title", self.title, Title::new, &mut errors);
        let description = required(
            "description",
            self.description,
            Description::new,
            &mut errors,
        );
        let project_id = self
            .project_id
            .map(|text| checked(ProjectId::new(text), &mut errors));
        let policy = match self.policy {
            Some(asked) => policy::completed(asked, default_policy),
            None => Ok(default_policy.clone()),
        };
        let policy = policy.map_err(|error| errors.push(error)).ok();
        if let Some(policy) = &policy {
            checked(policy.validate(), &mut errors);
        }

        let (Some(title), Some(description), Some(policy), true) =
            (title, description, policy, errors.is_empty())
        else {
            return Err(ApiError::invalid_fields(errors));
        };
        Ok(LaunchRequest {
            owner,
            project_id: project_id.flatten(),
            title,
            description,
            policy,
            auto_execute: self.auto_execute.unwrap_or(true),
            idempotency_key,
        })
    }
}

/// Whether execution was started by the launch, or since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LaunchStatus {
    Created,
    Executing,
}

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct LaunchedBody {
    pub(crate) spec_id: SpecId,
    pub(crate) status: LaunchStatus,
    pub(crate) current_phase: Option<Phase>,
    pub(crate) sandbox_id: Option<SandboxId>,
    pub(crate) message: String,
}

//! Bodies of `POST /specs/launch`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use spec_core::id::{IdempotencyKey, ProjectId, SandboxId, SpecId, UserId};
use spec_core::machine::LaunchRequest;
use spec_core::spec::{Description, Title};
use spec_core::{Phase, Policy};

use super::fields::{checked, required};
use super::policy;
use crate::error::ApiError;

/// Body of `POST /specs/launch`.
// A field that is required and absent is told together with all others that are wrong, hence the
// options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LaunchBody {
    #[schemars(with = "Title")]
    title: Option<String>,
    /// The idea, exactly as typed.
    #[schemars(with = "Description")]
    description: Option<String>,
    /// The project it is for; without it, the caller's default.
    #[schemars(with = "Option<ProjectId>")]
    project_id: Option<String>,
    /// Whether it is started at once. Default: true.
    auto_execute: Option<bool>,
    /// Rules of its own. What it leaves out, at every level, is as in the host's.
    #[schemars(with = "Option<Policy>")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LaunchStatus {
    Created,
    Executing,
}

/// Answer to `POST /specs/launch`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LaunchedBody {
    pub(crate) spec_id: SpecId,
    pub(crate) status: LaunchStatus,
    pub(crate) current_phase: Option<Phase>,
    /// The sandbox in which it is executed, once it is known.
    pub(crate) sandbox_id: Option<SandboxId>,
    /// In words.
    pub(crate) message: String,
}

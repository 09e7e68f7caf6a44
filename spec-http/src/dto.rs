//! What travels over the wire. Apart from the domain, so that each can change without the other.

mod detail;
mod export;
mod fields;
mod health;
mod launch;
mod list;
mod offer;
mod phase;
mod policy;
mod quick_task;
mod review;
mod usage;

pub(crate) use detail::SpecDetail;
pub(crate) use export::{ExportBody, TraceBody};
pub(crate) use health::HealthBody;
pub(crate) use launch::{LaunchBody, LaunchStatus, LaunchedBody};
pub(crate) use list::{EventPage, SpecPage};
pub(crate) use offer::{Capabilities, ProjectList};
pub(crate) use phase::{PhaseResult, VersionList};
pub(crate) use quick_task::{QuickTaskBody, QuickTaskCreated};
pub(crate) use review::{ApproveBody, RequestChangesBody, RetryBody};
pub(crate) use usage::{BudgetBody, SpecUsageDetail};

use schemars::JsonSchema;
use serde::Deserialize;

/// Body of `POST /specs/{spec_id}/cancel`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelBody {
    /// Why, for the record.
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

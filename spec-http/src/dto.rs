//! What travels over the wire. Apart from the domain, so that each can change without the other.

mod detail;
mod launch;
mod list;
mod policy;
mod usage;

pub(crate) use detail::SpecDetail;
pub(crate) use launch::{LaunchBody, LaunchStatus, LaunchedBody};
pub(crate) use list::{EventPage, SpecPage};
pub(crate) use usage::{BudgetBody, SpecUsageDetail};

use serde::Deserialize;

/// Body of `POST /specs/{spec_id}/cancel`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelBody {
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

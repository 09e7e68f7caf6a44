//! Pages.

use schemars::JsonSchema;
use serde::Serialize;
use spec_core::clock::Timestamp;
use spec_core::event::SpecEvent;
use spec_core::id::{ProjectId, Sequence, SpecId, UserId};
use spec_core::spec::Title;
use spec_core::store::{Page, SpecSummary};
use spec_core::{Phase, SpecStatus};

/// Body of `GET /specs`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SpecPage {
    specs: Vec<SpecItem>,
    /// The parameter `before` of the next page; `null` after the last.
    next: Option<SpecId>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SpecItem {
    id: SpecId,
    project_id: ProjectId,
    owner: UserId,
    title: Title,
    status: SpecStatus,
    current_phase: Option<Phase>,
    percent: u8,
    created_at: Timestamp,
    updated_at: Timestamp,
    archived_at: Option<Timestamp>,
}

impl From<SpecSummary> for SpecItem {
    fn from(summary: SpecSummary) -> Self {
        let SpecSummary {
            id,
            project_id,
            owner,
            title,
            status,
            current_phase,
            percent,
            created_at,
            updated_at,
            archived_at,
        } = summary;
        Self {
            id,
            project_id,
            owner,
            title,
            status,
            current_phase,
            percent,
            created_at,
            updated_at,
            archived_at,
        }
    }
}

impl From<Page<SpecSummary>> for SpecPage {
    fn from(page: Page<SpecSummary>) -> Self {
        Self {
            specs: page.items.into_iter().map(SpecItem::from).collect(),
            next: page.next,
        }
    }
}

/// Body of `GET /specs/{spec_id}/events`. Events are the same here, in streams and in stores: their
/// format is the domain's own promise.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EventPage {
    events: Vec<SpecEvent>,
    /// The parameter `after` of the next page.
    next_after: Sequence,
}

impl EventPage {
    /// The events after `after`.
    pub(crate) fn new(after: Sequence, events: Vec<SpecEvent>) -> Self {
        let next_after = events.last().map_or(after, |last| last.sequence);
        Self { events, next_after }
    }
}

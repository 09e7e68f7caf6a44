//! What is listed and how much of it at a time.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{ProjectId, SpecId, UserId};
use crate::invalid_input::InvalidInput;
use crate::machine::progress;
use crate::phase::Phase;
use crate::spec::{Spec, Title};
use crate::status::SpecStatus;
use crate::store::TitleSearch;
use crate::wire_schema::wire_schema;

/// Size of a page: 1 to 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit(u16);

impl PageLimit {
    /// The largest page.
    pub const MAX: Self = Self(1000);

    /// Checks a size.
    ///
    /// # Errors
    ///
    /// Refuses 0 and more than 1,000.
    pub fn new(limit: u32) -> Result<Self, InvalidInput> {
        match u16::try_from(limit) {
            Ok(limit @ 1..=1000) => Ok(Self(limit)),
            _ => Err(InvalidInput::new(
                "limit",
                format!("{limit} is not within 1 to 1000"),
            )),
        }
    }

    /// The size.
    #[must_use]
    pub fn get(self) -> u32 {
        u32::from(self.0)
    }
}

impl Default for PageLimit {
    fn default() -> Self {
        Self(100)
    }
}

wire_schema!(PageLimit, { "type": "integer", "minimum": 1, "maximum": PageLimit::MAX.get() });

/// Which specs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpecQuery {
    /// Only of this project.
    pub project: Option<ProjectId>,
    /// Only of this owner.
    pub owner: Option<UserId>,
    /// Only with this status.
    pub status: Option<SpecStatus>,
    /// Only with this in their title. No index serves it: a store looks at all that pass the other
    /// filters until the page is full.
    pub search: Option<TitleSearch>,
    /// Archived ones too.
    pub include_archived: bool,
    /// Only specs older than this one: the [`next`](Page::next) of the page before.
    pub before: Option<SpecId>,
    /// Size of the page.
    pub limit: PageLimit,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<SpecId>,
}

/// A spec in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecSummary {
    /// Identifies it.
    pub id: SpecId,
    /// The project it is for.
    pub project_id: ProjectId,
    /// Who launched it.
    pub owner: UserId,
    /// Its title.
    pub title: Title,
    /// Where it stands.
    pub status: SpecStatus,
    /// The phase that is under way, waits or failed.
    pub current_phase: Option<Phase>,
    /// How much of it is done, 0 to 100.
    pub percent: u8,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
    /// When it was archived, if it was.
    pub archived_at: Option<Timestamp>,
}

impl From<&Spec> for SpecSummary {
    fn from(spec: &Spec) -> Self {
        Self {
            id: spec.id,
            project_id: spec.project_id.clone(),
            owner: spec.owner.clone(),
            title: spec.title.clone(),
            status: spec.status,
            current_phase: spec.current_phase(),
            percent: progress(spec).percent,
            created_at: spec.created_at,
            updated_at: spec.updated_at,
            archived_at: spec.archived_at,
        }
    }
}

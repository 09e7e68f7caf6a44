//! Specs, events and artifacts as columns, and back.

use serde::{Deserialize, Serialize};
use spec_core::Spec;
use spec_core::clock::Timestamp;
use spec_core::event::{EventBody, NewEvent};
use spec_core::id::{Revision, Sequence, SpecId};
use spec_core::machine::due_at;
use spec_core::store::{
    Append, Checkpoint, Lease, Page, PageLimit, SpecSummary, StoreError, StoreErrorKind, folded,
};

use crate::error::corrupt;

/// The columns that follow from a spec's state.
pub(crate) struct SpecColumns {
    pub(crate) status: &'static str,
    pub(crate) archived_at: Option<i64>,
    pub(crate) revision: Revision,
    pub(crate) machine_version: u16,
    pub(crate) due_at: Option<i64>,
    pub(crate) summary: String,
    pub(crate) state: String,
}

impl SpecColumns {
    pub(crate) fn of(spec: &Spec) -> Result<Self, StoreError> {
        Ok(Self {
            status: spec.status.as_str(),
            archived_at: spec.archived_at.map(Timestamp::as_micros),
            revision: spec.revision,
            machine_version: spec.machine_version,
            due_at: due_at(spec).map(Timestamp::as_micros),
            summary: to_json("the summary of a spec", &Listed::of(spec))?,
            state: to_json("the state of a spec", spec)?,
        })
    }
}

/// The summary of a spec as it is stored: with its title as it is looked for, unless that is the title
/// in lower case of ASCII, which databases make of it themselves. Specs that were stored before there
/// was a search, and not since, are without: capital letters outside of ASCII are missed in theirs.
#[derive(Serialize)]
pub(crate) struct Listed {
    #[serde(flatten)]
    summary: SpecSummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    folded_title: Option<String>,
}

impl Listed {
    fn of(spec: &Spec) -> Self {
        let title = spec.title.as_str();
        Self {
            summary: spec.into(),
            folded_title: Some(folded(title)).filter(|it| *it != title.to_ascii_lowercase()),
        }
    }
}

/// An event without its place.
pub(crate) struct EventColumns {
    pub(crate) at: i64,
    pub(crate) revision: Revision,
    pub(crate) body: String,
}

impl EventColumns {
    pub(crate) fn of_all(events: &[NewEvent]) -> Result<Vec<Self>, StoreError> {
        events
            .iter()
            .map(|event| {
                Ok(Self {
                    at: event.at.as_micros(),
                    revision: event.revision,
                    body: to_json::<EventBody>("an event", &event.body)?,
                })
            })
            .collect()
    }
}

/// An append.
pub(crate) struct AppendChange {
    pub(crate) id: SpecId,
    pub(crate) lease: Lease,
    pub(crate) events: Vec<EventColumns>,
    pub(crate) checkpoint: String,
}

impl AppendChange {
    pub(crate) fn new(append: &Append) -> Result<Self, StoreError> {
        let Append {
            spec_id,
            lease,
            events,
            checkpoint,
        } = append;
        Ok(Self {
            id: *spec_id,
            lease: *lease,
            events: EventColumns::of_all(events)?,
            checkpoint: to_json::<Checkpoint>("a checkpoint", checkpoint)?,
        })
    }
}

pub(crate) fn to_json<T: Serialize + ?Sized>(what: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| {
        let message = format!("{what} cannot be written as JSON");
        StoreError::new(StoreErrorKind::Internal, message).with_source(error)
    })
}

pub(crate) fn from_json<'a, T: Deserialize<'a>>(
    what: &str,
    text: &'a str,
) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| corrupt(format!("{what} as stored cannot be read"), error))
}

/// A counter, such as a revision, as it was stored.
pub(crate) fn counter<T>(what: &str, number: i64) -> Result<T, StoreError>
where
    T: TryFrom<i64, Error = std::num::TryFromIntError>,
{
    T::try_from(number).map_err(|error| corrupt(format!("{what} {number} is out of range"), error))
}

/// The last of so many events that follow `last`.
pub(crate) fn after(last: Sequence, events: &[EventColumns]) -> Sequence {
    events.iter().fold(last, |last, _event| last.next())
}

/// A page from the stored summaries, of which one more than fits tells whether there is a next page.
pub(crate) fn page<'r>(
    limit: PageLimit,
    summaries: impl ExactSizeIterator<Item = Result<&'r str, StoreError>>,
) -> Result<Page<SpecSummary>, StoreError> {
    let size = usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let more = summaries.len() > size;
    let items = summaries
        .take(size)
        .map(|summary| from_json("the summary of a spec", summary?))
        .collect::<Result<Vec<SpecSummary>, _>>()?;
    let next = items.last().filter(|_last| more).map(|last| last.id);
    Ok(Page { items, next })
}

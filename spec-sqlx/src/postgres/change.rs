//! What changes of specs have in common: times, and events as arrays.

use chrono::{DateTime, Utc};
use spec_core::Spec;
use spec_core::clock::Timestamp;
use spec_core::store::StoreError;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

use super::state::without_description;
use crate::row::{EventColumns, SpecColumns};

pub(super) type Statement = Query<'static, Postgres, PgArguments>;

/// A time for the server. What is before the year 1 or after 9999 becomes their first or last
/// microsecond: arithmetic may lead there, no clock does.
pub(super) fn time(at: Timestamp) -> DateTime<Utc> {
    const FIRST: i64 = -62_135_596_800_000_000;
    const LAST: i64 = 253_402_300_799_999_999;
    DateTime::from_timestamp_micros(at.as_micros().clamp(FIRST, LAST)).unwrap_or_default()
}

/// A time in microseconds, likewise.
pub(super) fn micros_time(micros: i64) -> DateTime<Utc> {
    time(Timestamp::from_micros(micros))
}

/// The columns that follow from a spec's state.
pub(super) struct Columns {
    pub(super) status: &'static str,
    pub(super) archived_at: Option<DateTime<Utc>>,
    pub(super) machine_version: i32,
    pub(super) revision: i64,
    pub(super) due_at: Option<DateTime<Utc>>,
    /// What is due is due since the state was made, by whatever clock.
    pub(super) at_once: bool,
    pub(super) summary: String,
    /// Without the description.
    pub(super) state: String,
}

impl Columns {
    pub(super) fn of(spec: &Spec) -> Result<Self, StoreError> {
        let SpecColumns {
            status,
            archived_at,
            revision,
            machine_version,
            due_at,
            summary,
            state,
        } = SpecColumns::of(spec)?;
        Ok(Self {
            status,
            archived_at: archived_at.map(micros_time),
            machine_version: machine_version.into(),
            revision: revision.into(),
            due_at: due_at.map(micros_time),
            at_once: due_at.is_some_and(|at| at <= spec.updated_at.as_micros()),
            summary,
            state: without_description(&state)?,
        })
    }
}

/// Binds the events of changes as five arrays: the place of the change, the event's number among
/// those of its change, when, at which revision, and what.
pub(super) fn bind_events<'a>(
    statement: Statement,
    changes: impl Iterator<Item = &'a [EventColumns]>,
) -> Statement {
    let (mut places, mut ordinals) = (Vec::<i64>::new(), Vec::<i32>::new());
    let (mut times, mut revisions, mut bodies) = (Vec::new(), Vec::<i64>::new(), Vec::new());
    for (place, events) in (1..).zip(changes) {
        for (ordinal, event) in (1..).zip(events) {
            places.push(place);
            ordinals.push(ordinal);
            times.push(micros_time(event.at));
            revisions.push(event.revision.into());
            bodies.push(event.body.clone());
        }
    }
    statement
        .bind(places)
        .bind(ordinals)
        .bind(times)
        .bind(revisions)
        .bind(bodies)
}

/// How many events there are, as a column.
pub(super) fn count(events: &[EventColumns]) -> i32 {
    i32::try_from(events.len()).unwrap_or(i32::MAX)
}

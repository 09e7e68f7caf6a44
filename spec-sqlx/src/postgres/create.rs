//! Creation of specs.

use spec_core::id::{Epoch, IdempotencyKey, RunnerId, Sequence, SpecId};
use spec_core::store::{Create, Lease, StoreError, StoreErrorKind, StoredSpec, Wakeup};
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::change::{Columns, Statement, bind_events, count};
use super::lane::{Change, Made};
use super::read::column;
use super::sql;
use crate::error::sqlstate;
use crate::row::{EventColumns, after};

/// A spec to be created, in columns.
pub(super) struct CreateChange {
    stored: StoredSpec,
    columns: Columns,
    events: Vec<EventColumns>,
    key: Option<IdempotencyKey>,
    runner: Option<RunnerId>,
}

/// What became of a request.
pub(super) enum Outcome {
    New(Box<StoredSpec>, Option<Lease>),
    /// The key was used before, for this spec.
    Existing(SpecId),
}

impl CreateChange {
    pub(super) fn new(create: Create) -> Result<Self, StoreError> {
        let Create {
            spec,
            events,
            idempotency_key,
            runner,
        } = create;
        let events = EventColumns::of_all(&events)?;
        Ok(Self {
            columns: Columns::of(&spec)?,
            stored: StoredSpec {
                spec,
                last_sequence: after(Sequence::default(), &events),
                checkpoint: None,
            },
            events,
            key: idempotency_key,
            runner,
        })
    }
}

impl Change for CreateChange {
    type Answer = Outcome;

    const DOING: &'static str = "create a spec";
    const WIDTH: usize = 1;

    fn spec(&self) -> SpecId {
        self.stored.spec.id
    }

    fn key(&self) -> Option<(&str, &str)> {
        let key = self.key.as_ref()?;
        Some((self.stored.spec.owner.as_str(), key.as_str()))
    }

    fn statement(changes: &[&Self]) -> Statement {
        fn all<T>(changes: &[&CreateChange], of: impl Fn(&CreateChange) -> T) -> Vec<T> {
            changes.iter().map(|change| of(change)).collect()
        }
        let spec = |of: fn(&spec_core::Spec) -> String| all(changes, |one| of(&one.stored.spec));
        let statement = sqlx::query(sql::CREATE)
            .bind(all(changes, |one| one.stored.spec.id.as_uuid()))
            .bind(spec(|spec| spec.project_id.as_str().to_owned()))
            .bind(spec(|spec| spec.owner.as_str().to_owned()))
            .bind(all(changes, |one| one.columns.status))
            .bind(all(changes, |one| one.columns.archived_at))
            .bind(all(changes, |one| one.columns.machine_version))
            .bind(all(changes, |one| one.columns.revision))
            .bind(all(changes, |one| one.columns.due_at))
            .bind(all(changes, |one| one.columns.at_once))
            .bind(all(changes, |one| count(&one.events)))
            .bind(all(changes, |one| one.key.clone().map(String::from)))
            .bind(all(changes, |one| one.runner.map(RunnerId::as_uuid)))
            .bind(all(changes, |one| one.columns.summary.clone()))
            .bind(all(changes, |one| one.columns.state.clone()))
            .bind(spec(|spec| spec.description.as_str().to_owned()));
        bind_events(statement, changes.iter().map(|one| one.events.as_slice()))
    }

    fn made(&self, row: Option<&PgRow>) -> Result<Made<Outcome>, StoreError> {
        let id = self.spec();
        let row = row.ok_or_else(|| {
            let message = format!("the database said nothing of spec {id}");
            StoreError::new(StoreErrorKind::Internal, message)
        })?;
        if let Some(earlier) = column::<Option<Uuid>>(row, "earlier")? {
            return Ok(Made {
                answer: Outcome::Existing(SpecId::from_uuid(earlier)),
                wakeup: None,
            });
        }
        if !column::<bool>(row, "stored")? {
            return Err(StoreError::new(
                StoreErrorKind::AlreadyExists,
                format!("spec {id} exists already"),
            ));
        }
        let held: bool = column(row, "held")?;
        let lease = self.runner.filter(|_runner| held).map(|runner| Lease {
            spec_id: id,
            runner,
            epoch: Epoch::default().next(),
        });
        Ok(Made {
            answer: Outcome::New(Box::new(self.stored.clone()), lease),
            wakeup: Some(Wakeup::Spec {
                id,
                revision: self.stored.spec.revision,
                due: column(row, "due")?,
            }),
        })
    }

    /// The spec or the key was stored by somebody else after the statement had begun.
    fn is_worth_a_look(&self, error: &sqlx::Error) -> bool {
        sqlstate(error).as_deref() == Some("23505")
    }
}

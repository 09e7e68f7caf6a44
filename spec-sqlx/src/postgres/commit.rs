//! Commits and appends.

use spec_core::id::{Epoch, Revision, RunnerId, Sequence, SpecId};
use spec_core::store::{Appended, Commit, Committed, Lease, StoreError, StoreErrorKind, Wakeup};
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::change::{Columns, Statement, bind_events, count};
use super::lane::{Change, Made};
use super::read::{column, number};
use super::sql;
use crate::row::{AppendChange, EventColumns, to_json};

/// A commit, in columns.
pub(super) struct CommitChange {
    id: SpecId,
    expected: Revision,
    revision: Revision,
    lease: Option<Lease>,
    release: bool,
    columns: Columns,
    events: Vec<EventColumns>,
    artifacts: Vec<ArtifactColumns>,
    checkpoint: Option<String>,
}

struct ArtifactColumns {
    phase: &'static str,
    version: i64,
    artifact: String,
}

impl CommitChange {
    pub(super) fn new(commit: &Commit) -> Result<Self, StoreError> {
        let Commit {
            spec,
            expected,
            events,
            artifacts,
            checkpoint,
            lease,
            release,
        } = commit;
        Ok(Self {
            id: spec.id,
            expected: *expected,
            revision: spec.revision,
            lease: *lease,
            release: *release && lease.is_some(),
            columns: Columns::of(spec)?,
            events: EventColumns::of_all(events)?,
            artifacts: artifacts
                .iter()
                .map(|artifact| {
                    Ok(ArtifactColumns {
                        phase: artifact.phase.as_str(),
                        version: artifact.version.into(),
                        artifact: to_json("an artifact", artifact)?,
                    })
                })
                .collect::<Result<_, StoreError>>()?,
            checkpoint: checkpoint
                .as_ref()
                .map(|checkpoint| to_json("a checkpoint", checkpoint))
                .transpose()?,
        })
    }

    fn raises(&self) -> bool {
        self.revision > self.expected
    }
}

impl Change for CommitChange {
    type Answer = Committed;

    const DOING: &'static str = "commit a change";
    const WIDTH: usize = 1;

    fn spec(&self) -> SpecId {
        self.id
    }

    fn statement(changes: &[&Self]) -> Statement {
        fn all<T>(changes: &[&CommitChange], of: impl Fn(&CommitChange) -> T) -> Vec<T> {
            changes.iter().map(|change| of(change)).collect()
        }
        fn each<T>(
            artifacts: &[(i64, &ArtifactColumns)],
            of: impl Fn(i64, &ArtifactColumns) -> T,
        ) -> Vec<T> {
            artifacts
                .iter()
                .map(|(place, one)| of(*place, one))
                .collect()
        }
        // No row is at this revision, so that the request finds out how it stands and changes nothing.
        let expected = |one: &Self| {
            if one.raises() {
                one.expected.into()
            } else {
                -1_i64
            }
        };
        let statement = sqlx::query(sql::COMMIT)
            .bind(all(changes, |one| one.id.as_uuid()))
            .bind(all(changes, expected))
            .bind(all(changes, |one| {
                one.lease.map(|lease| lease.runner.as_uuid())
            }))
            .bind(all(changes, |one| {
                one.lease.map(|lease| fence(one.id, &lease))
            }))
            .bind(all(changes, |one| one.release))
            .bind(all(changes, |one| one.columns.status))
            .bind(all(changes, |one| one.columns.archived_at))
            .bind(all(changes, |one| one.columns.machine_version))
            .bind(all(changes, |one| one.columns.revision))
            .bind(all(changes, |one| one.columns.due_at))
            .bind(all(changes, |one| one.columns.at_once))
            .bind(all(changes, |one| count(&one.events)))
            .bind(all(changes, |one| one.columns.summary.clone()))
            .bind(all(changes, |one| one.columns.state.clone()))
            .bind(all(changes, |one| one.checkpoint.clone()));
        let statement = bind_events(statement, changes.iter().map(|one| one.events.as_slice()));
        let artifacts: Vec<_> = (1_i64..)
            .zip(changes)
            .flat_map(|(place, one)| one.artifacts.iter().map(move |artifact| (place, artifact)))
            .collect();
        statement
            .bind(each(&artifacts, |place, _| place))
            .bind(each(&artifacts, |_, one| one.phase))
            .bind(each(&artifacts, |_, one| one.version))
            .bind(each(&artifacts, |_, one| one.artifact.clone()))
    }

    fn made(&self, row: Option<&PgRow>) -> Result<Made<Committed>, StoreError> {
        let (id, expected) = (self.id, self.expected);
        let row = row.ok_or_else(|| missing(id))?;
        let current = fenced(row, id, self.lease.as_ref())?;
        let Some(last_sequence) = last_sequence(row)? else {
            return Err(if current == expected && !self.raises() {
                StoreError::new(
                    StoreErrorKind::Internal,
                    format!("a commit from revision {expected} of spec {id} must raise it"),
                )
            } else {
                StoreError::new(
                    StoreErrorKind::Conflict,
                    format!("spec {id} is at revision {current}, not {expected}"),
                )
            });
        };
        Ok(Made {
            answer: Committed {
                revision: self.revision,
                last_sequence,
            },
            wakeup: Some(Wakeup::Spec {
                id,
                revision: self.revision,
                due: column(row, "due")?,
            }),
        })
    }

    fn is_worth_a_look(&self, _error: &sqlx::Error) -> bool {
        false
    }
}

impl Change for AppendChange {
    type Answer = Appended;

    const DOING: &'static str = "append events";
    const WIDTH: usize = 1;

    fn spec(&self) -> SpecId {
        self.id
    }

    fn statement(changes: &[&Self]) -> Statement {
        fn all<T>(changes: &[&AppendChange], of: impl Fn(&AppendChange) -> T) -> Vec<T> {
            changes.iter().map(|change| of(change)).collect()
        }
        let statement = sqlx::query(sql::APPEND)
            .bind(all(changes, |one| one.id.as_uuid()))
            .bind(all(changes, |one| one.lease.runner.as_uuid()))
            .bind(all(changes, |one| fence(one.id, &one.lease)))
            .bind(all(changes, |one| count(&one.events)))
            .bind(all(changes, |one| one.checkpoint.clone()));
        bind_events(statement, changes.iter().map(|one| one.events.as_slice()))
    }

    fn made(&self, row: Option<&PgRow>) -> Result<Made<Appended>, StoreError> {
        let row = row.ok_or_else(|| missing(self.id))?;
        let last_sequence = last_sequence(row)?.ok_or_else(|| stale(&self.lease))?;
        let revision = number("the revision", row, "revision")?;
        Ok(Made {
            answer: Appended {
                revision,
                last_sequence,
            },
            wakeup: Some(Wakeup::Spec {
                id: self.id,
                revision,
                due: false,
            }),
        })
    }

    fn is_worth_a_look(&self, _error: &sqlx::Error) -> bool {
        false
    }
}

/// The epoch that the spec must be at; none is at -1.
fn fence(id: SpecId, lease: &Lease) -> i64 {
    if lease.spec_id == id {
        lease.epoch.into()
    } else {
        -1
    }
}

/// The spec's revision before the change, if `lease` (where there is one) is current.
fn fenced(row: &PgRow, id: SpecId, lease: Option<&Lease>) -> Result<Revision, StoreError> {
    if let Some(lease) = lease {
        let epoch: Epoch = number("the epoch", row, "epoch")?;
        let runner: Option<Uuid> = column(row, "runner")?;
        let held = (id, epoch, runner.map(RunnerId::from_uuid));
        if held != (lease.spec_id, lease.epoch, Some(lease.runner)) {
            return Err(stale(lease));
        }
    }
    number("the revision", row, "revision")
}

/// Place of the last event after the change, if it was made.
fn last_sequence(row: &PgRow) -> Result<Option<Sequence>, StoreError> {
    match column::<Option<i32>>(row, "last_sequence")? {
        Some(_) => number("the sequence", row, "last_sequence").map(Some),
        None => Ok(None),
    }
}

fn missing(id: SpecId) -> StoreError {
    StoreError::new(
        StoreErrorKind::NotFound,
        format!("spec {id} does not exist"),
    )
}

fn stale(lease: &Lease) -> StoreError {
    StoreError::new(
        StoreErrorKind::Fenced,
        format!("the lease of {lease} is no longer current"),
    )
}

//! Changes of specs: creation, commits, appends.

use std::sync::Arc;

use spec_core::clock::Clock;
use spec_core::id::{Epoch, IdempotencyKey, Revision, RunnerId, Sequence, SpecId};
use spec_core::store::{
    Appended, Commit, Committed, Create, Created, Lease, StoreError, StoreErrorKind, StoredSpec,
    Wakeup,
};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::lease::expiry;
use super::read::column;
use super::writer::{Change, Made};
use super::{read, sql};
use crate::error::failed;
use crate::row::{AppendChange, EventColumns, SpecColumns, after, counter, to_json};

/// A spec to be created, in columns: what takes time is done before the writer's turn.
pub(super) struct CreateChange {
    stored: StoredSpec,
    columns: SpecColumns,
    events: Vec<EventColumns>,
    key: Option<IdempotencyKey>,
    runner: Option<RunnerId>,
    clock: Arc<dyn Clock>,
}

impl CreateChange {
    pub(super) fn new(create: Create, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let Create {
            spec,
            events,
            idempotency_key,
            runner,
        } = create;
        let events = EventColumns::of_all(&events)?;
        Ok(Self {
            columns: SpecColumns::of(&spec)?,
            stored: StoredSpec {
                spec,
                last_sequence: after(Sequence::default(), &events),
                checkpoint: None,
            },
            events,
            key: idempotency_key,
            runner,
            clock,
        })
    }
}

impl Change for CreateChange {
    type Answer = Created;

    async fn make(self, connection: &mut SqliteConnection) -> Result<Made<Created>, StoreError> {
        let Self {
            stored,
            columns,
            events,
            key,
            runner,
            clock,
        } = self;
        let failed = |error| failed("create a spec", error);
        let spec = &stored.spec;
        let id = spec.id;
        if let Some(key) = &key {
            let earlier: Option<Uuid> = sqlx::query_scalar(sql::SPEC_OF_KEY)
                .bind(spec.owner.as_str())
                .bind(key.as_str())
                .fetch_optional(&mut *connection)
                .await
                .map_err(failed)?;
            if let Some(earlier) = earlier.map(SpecId::from_uuid)
                && let Some(existing) = read::spec(&mut *connection, earlier).await?
            {
                return Ok(Made {
                    answer: Created::Existing(existing),
                    wakeups: Vec::new(),
                });
            }
        }
        let taken: bool = sqlx::query_scalar(sql::IS_TAKEN)
            .bind(id.as_uuid())
            .fetch_one(&mut *connection)
            .await
            .map_err(failed)?;
        if taken {
            return Err(StoreError::new(
                StoreErrorKind::AlreadyExists,
                format!("spec {id} exists already"),
            ));
        }
        sqlx::query(sql::INSERT_SPEC)
            .bind(id.as_uuid())
            .bind(spec.project_id.as_str())
            .bind(spec.owner.as_str())
            .bind(columns.status)
            .bind(columns.archived_at)
            .bind(columns.machine_version)
            .bind(i64::from(columns.revision))
            .bind(i64::from(stored.last_sequence))
            .bind(columns.due_at)
            .bind(columns.summary)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        sqlx::query(sql::INSERT_STATE)
            .bind(id.as_uuid())
            .bind(columns.state)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        insert_events(connection, id, Sequence::default(), events).await?;
        if let Some(key) = key {
            sqlx::query(sql::INSERT_KEY)
                .bind(spec.owner.as_str())
                .bind(key.as_str())
                .bind(id.as_uuid())
                .execute(&mut *connection)
                .await
                .map_err(failed)?;
        }
        let mut lease = None;
        if let Some(runner) = runner {
            let now = clock.now();
            let alive = expiry(connection, runner).await?;
            let due = columns.due_at.is_some_and(|at| at <= now.as_micros());
            if due && alive.is_some_and(|until| until > now) {
                let taken = Lease {
                    spec_id: id,
                    runner,
                    epoch: Epoch::default().next(),
                };
                take(connection, &taken, 1).await?;
                lease = Some(taken);
            }
        }
        let wakeup = Wakeup::Spec {
            id,
            revision: columns.revision,
            due: lease.is_none() && columns.due_at.is_some(),
        };
        Ok(Made {
            answer: Created::New { stored, lease },
            wakeups: vec![wakeup],
        })
    }
}

/// A commit, in columns.
pub(super) struct CommitChange {
    id: SpecId,
    expected: Revision,
    lease: Option<Lease>,
    release: bool,
    columns: SpecColumns,
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
            lease: *lease,
            release: *release && lease.is_some(),
            columns: SpecColumns::of(spec)?,
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
}

impl Change for CommitChange {
    type Answer = Committed;

    async fn make(self, connection: &mut SqliteConnection) -> Result<Made<Committed>, StoreError> {
        let Self {
            id,
            expected,
            lease,
            release,
            columns,
            events,
            artifacts,
            checkpoint,
        } = self;
        let failed = |error| failed("commit a change", error);
        let head = Head::fenced(connection, id, lease.as_ref()).await?;
        if head.revision != expected {
            return Err(StoreError::new(
                StoreErrorKind::Conflict,
                format!("spec {id} is at revision {}, not {expected}", head.revision),
            ));
        }
        if columns.revision <= expected {
            return Err(StoreError::new(
                StoreErrorKind::Internal,
                format!("a commit from revision {expected} of spec {id} must raise it"),
            ));
        }
        let committed = Committed {
            revision: columns.revision,
            last_sequence: after(head.last_sequence, &events),
        };
        sqlx::query(sql::UPDATE_SPEC)
            .bind(id.as_uuid())
            .bind(columns.status)
            .bind(columns.archived_at)
            .bind(columns.machine_version)
            .bind(i64::from(committed.revision))
            .bind(i64::from(committed.last_sequence))
            .bind(columns.due_at)
            .bind(columns.summary)
            .bind(lease.is_some())
            .bind(release)
            .bind(checkpoint)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        sqlx::query(sql::UPDATE_STATE)
            .bind(id.as_uuid())
            .bind(columns.state)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        insert_events(connection, id, head.last_sequence, events).await?;
        for artifact in artifacts {
            sqlx::query(sql::INSERT_ARTIFACT)
                .bind(id.as_uuid())
                .bind(artifact.phase)
                .bind(artifact.version)
                .bind(artifact.artifact)
                .execute(&mut *connection)
                .await
                .map_err(failed)?;
        }
        Ok(Made {
            answer: committed,
            wakeups: vec![Wakeup::Spec {
                id,
                revision: committed.revision,
                due: columns.due_at.is_some() && (release || !head.held),
            }],
        })
    }
}

impl Change for AppendChange {
    type Answer = Appended;

    async fn make(self, connection: &mut SqliteConnection) -> Result<Made<Appended>, StoreError> {
        let Self {
            id,
            lease,
            events,
            checkpoint,
        } = self;
        let head = Head::fenced(connection, id, Some(&lease)).await?;
        let last_sequence = after(head.last_sequence, &events);
        sqlx::query(sql::UPDATE_CHECKPOINT)
            .bind(id.as_uuid())
            .bind(i64::from(last_sequence))
            .bind(checkpoint)
            .execute(&mut *connection)
            .await
            .map_err(|error| failed("append events", error))?;
        insert_events(connection, id, head.last_sequence, events).await?;
        Ok(Made {
            answer: Appended {
                revision: head.revision,
                last_sequence,
            },
            wakeups: vec![Wakeup::Spec {
                id,
                revision: head.revision,
                due: false,
            }],
        })
    }
}

/// Where a spec stands, as far as writers ask.
struct Head {
    revision: Revision,
    last_sequence: Sequence,
    held: bool,
}

impl Head {
    /// Reads it, if `lease` (where there is one) is current.
    async fn fenced(
        connection: &mut SqliteConnection,
        id: SpecId,
        lease: Option<&Lease>,
    ) -> Result<Self, StoreError> {
        let row = sqlx::query(sql::HEAD)
            .bind(id.as_uuid())
            .fetch_optional(connection)
            .await
            .map_err(|error| failed("read where a spec stands", error))?
            .ok_or_else(|| {
                let message = format!("spec {id} does not exist");
                StoreError::new(StoreErrorKind::NotFound, message)
            })?;
        let epoch: Epoch = counter("the epoch", column(&row, "epoch")?)?;
        let runner: Option<Uuid> = column(&row, "runner")?;
        if let Some(lease) = lease {
            let held = (id, epoch, runner.map(RunnerId::from_uuid));
            if held != (lease.spec_id, lease.epoch, Some(lease.runner)) {
                return Err(StoreError::new(
                    StoreErrorKind::Fenced,
                    format!("the lease of {lease} is no longer current"),
                ));
            }
        }
        Ok(Self {
            revision: counter("the revision", column(&row, "revision")?)?,
            last_sequence: counter("the sequence", column(&row, "last_sequence")?)?,
            held: runner.is_some(),
        })
    }
}

/// Writes down who holds a spec.
pub(super) async fn take(
    connection: &mut SqliteConnection,
    lease: &Lease,
    claims: u32,
) -> Result<(), StoreError> {
    sqlx::query(sql::TAKE)
        .bind(lease.spec_id.as_uuid())
        .bind(i64::from(lease.epoch))
        .bind(lease.runner.as_uuid())
        .bind(claims)
        .execute(connection)
        .await
        .map_err(|error| failed("claim a spec", error))?;
    Ok(())
}

async fn insert_events(
    connection: &mut SqliteConnection,
    id: SpecId,
    mut last: Sequence,
    events: Vec<EventColumns>,
) -> Result<(), StoreError> {
    for event in events {
        last = last.next();
        sqlx::query(sql::INSERT_EVENT)
            .bind(id.as_uuid())
            .bind(i64::from(last))
            .bind(event.at)
            .bind(i64::from(event.revision))
            .bind(event.body)
            .execute(&mut *connection)
            .await
            .map_err(|error| failed("store an event", error))?;
    }
    Ok(())
}

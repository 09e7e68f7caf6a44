//! What the tests do with stores.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "test code outside of test functions"
)]

use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use serde_json::{Value, json};
use spec_core::Phase;
use spec_core::agent::RunRecord;
use spec_core::artifact::{Artifact, Author, content_hash};
use spec_core::event::{EventBody, NewEvent, ProgressItem, ProgressKind};
use spec_core::id::{
    AgentName, ArtifactVersion, AttemptNumber, OutputCursor, RunnerId, Sequence, SpecId,
};
use spec_core::spec::MACHINE_VERSION;
use spec_core::store::{
    Append, Checkpoint, Claim, Claimed, Commit, Created, Lease, PageLimit, StoredSpec, Wakeup,
};
use spec_core::{Spec, SpecStore};
use spec_sqlx::PostgresStore;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::time::timeout;
use uuid::Uuid;

use crate::sample;

/// Longer than any test.
pub(crate) const LEASE: Duration = Duration::from_mins(10);
/// How long something is waited for that happens soon.
const PATIENCE: Duration = Duration::from_secs(30);

/// A pool that gives up soon when it has no connection.
pub(crate) fn pool(url: &str, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_millis(500))
        .connect_lazy(url)
        .unwrap()
}

/// A store with a pool of its own.
pub(crate) async fn store(url: &str) -> Arc<PostgresStore> {
    let pool = PgPoolOptions::new()
        .max_connections(3)
        .connect_lazy(url)
        .unwrap();
    Arc::new(PostgresStore::new(pool).await.unwrap())
}

pub(crate) async fn run(pool: &PgPool, sql: impl Into<String>) {
    sqlx::raw_sql(AssertSqlSafe(sql.into()))
        .execute(pool)
        .await
        .unwrap();
}

/// A new spec that is due.
pub(crate) async fn launch(store: &PostgresStore) -> StoredSpec {
    match store.create(sample::create("api")).await.unwrap() {
        Created::New { stored, .. } => stored,
        Created::Existing(earlier) => panic!("spec {} was not expected", earlier.spec.id),
    }
}

/// So many more specs like this one, the first longest due.
pub(crate) async fn copies(pool: &PgPool, of: &Spec, number: u32) {
    let sql = format!(
        "CREATE TEMPORARY TABLE copies ON COMMIT DROP AS \
             SELECT n, gen_random_uuid() AS id FROM generate_series(1, {number}) AS n;
         INSERT INTO spec.specs SELECT c.id, project_id, owner, status, archived_at, \
             machine_version, revision, last_sequence, epoch, runner, claims, due_at, ready, \
             run_at + c.n * interval '1 microsecond' FROM spec.specs s, copies c \
             WHERE s.id = '{id}';
         INSERT INTO spec.states SELECT c.id, replace(summary::text, '{id}', c.id::text)::json, \
             replace(state::text, '{id}', c.id::text)::json FROM spec.states s, copies c \
             WHERE s.spec_id = '{id}';
         INSERT INTO spec.descriptions SELECT c.id, description FROM spec.descriptions s, copies c \
             WHERE s.spec_id = '{id}'",
        id = of.id
    );
    run(pool, sql).await;
}

/// A runner with a lease.
pub(crate) async fn runner(store: &PostgresStore) -> RunnerId {
    let runner = RunnerId::from_uuid(Uuid::now_v7());
    store.heartbeat(runner, LEASE).await.unwrap();
    runner
}

/// A request for what is due.
pub(crate) fn any(runner: RunnerId, limit: u32) -> Claim {
    Claim {
        runner,
        limit,
        machine_version: MACHINE_VERSION,
        only: None,
        max_per_project: None,
    }
}

/// The one spec that is due.
pub(crate) async fn claim_one(store: &PostgresStore, runner: RunnerId) -> Claimed {
    let mut claimed = store.claim(&any(runner, 10)).await.unwrap();
    assert_eq!(claimed.len(), 1, "one spec is due");
    claimed.remove(0)
}

/// The next revision of a spec, with an event.
pub(crate) fn change(spec: &Spec) -> Commit {
    let mut next = spec.clone();
    next.revision = spec.revision.next();
    Commit {
        expected: spec.revision,
        events: vec![progress(&next, "on it")],
        spec: next,
        artifacts: Vec::new(),
        checkpoint: None,
        lease: None,
        release: false,
    }
}

pub(crate) fn progress(spec: &Spec, text: &str) -> NewEvent {
    let (key, attempt) = spec.active_attempt().unwrap();
    NewEvent {
        at: spec.updated_at,
        revision: spec.revision,
        body: EventBody::Progress {
            phase: key.phase,
            attempt: key.attempt,
            repair: attempt.repair,
            items: vec![ProgressItem {
                kind: ProgressKind::Message,
                text: text.to_owned(),
                permille: None,
            }],
            omitted: 0,
        },
    }
}

/// A line of output under a lease.
pub(crate) fn line(spec: &Spec, lease: Lease, text: &str) -> Append {
    let (key, attempt) = spec.active_attempt().unwrap();
    Append {
        spec_id: spec.id,
        lease,
        events: vec![progress(spec, text)],
        checkpoint: Checkpoint {
            run: key.run_key(attempt.repair),
            cursor: OutputCursor::new("line 1").unwrap(),
            bytes: 80,
            items: 1,
            record: RunRecord::default(),
            stderr_tail: text.to_owned(),
        },
    }
}

/// The first version of what EXPLORE found.
pub(crate) fn artifact(spec: &Spec, text: &str) -> Artifact {
    let content: Value = json!({ "text": text });
    Artifact {
        spec_id: spec.id,
        phase: Phase::Explore,
        version: ArtifactVersion::new(1),
        content_hash: content_hash(&content),
        content,
        author: Author::Agent {
            name: AgentName::new("scripted").unwrap(),
            attempt: AttemptNumber::new(1),
        },
        findings: Vec::new(),
        created_at: spec.updated_at,
    }
}

pub(crate) async fn stored(store: &PostgresStore, id: SpecId) -> StoredSpec {
    store.get(id).await.unwrap().unwrap()
}

/// How many events a spec has, after a check that they are numbered without a gap.
pub(crate) async fn dense(store: &PostgresStore, id: SpecId) -> u32 {
    let stored = stored(store, id).await;
    let mut last = Sequence::default();
    loop {
        let events = store.events(id, last, PageLimit::MAX).await.unwrap();
        for event in &events {
            assert_eq!(event.sequence, last.next(), "of spec {id}");
            last = event.sequence;
        }
        if events.is_empty() {
            assert_eq!(last, stored.last_sequence, "of spec {id}");
            return last.get();
        }
    }
}

/// Waits until a listener of one store has heard of a change that another one made.
pub(crate) async fn hears_of(heard: &mut BoxStream<'static, Wakeup>, there: &PostgresStore) {
    until("a hint", async || {
        let id = launch(there).await.spec.id;
        let hint = heard.filter(|hint| {
            ready(matches!(hint, Wakeup::Spec { id: of, due: true, .. } if *of == id))
        });
        timeout(Duration::from_secs(1), pin!(hint).next())
            .await
            .ok()
    })
    .await;
}

/// Asks again and again until there is an answer.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what} does not happen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

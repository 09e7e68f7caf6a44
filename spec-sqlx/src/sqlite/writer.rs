//! The one task that writes: SQLite takes one writer at a time, and one `COMMIT`, which waits for
//! the disk, can serve many requests.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use spec_core::store::{StoreError, StoreErrorKind, Wakeup};
use sqlx::{SqliteConnection, SqlitePool};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::sql;
use crate::error::failed;

/// Requests that wait before callers have to.
const QUEUE: usize = 1024;
/// Requests that share one transaction.
const BATCH: usize = 256;
/// How often other processes' changes are looked for while somebody listens.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What a change has led to.
pub(super) struct Made<T> {
    pub(super) answer: T,
    /// What listeners are told.
    pub(super) wakeups: Vec<Wakeup>,
}

/// A change of the tables.
pub(super) trait Change: Send + 'static {
    /// What its caller is told.
    type Answer: Send + 'static;

    /// Makes the change, in a transaction that others share. When it fails, what it did is undone.
    fn make(
        self,
        connection: &mut SqliteConnection,
    ) -> impl Future<Output = Result<Made<Self::Answer>, StoreError>> + Send;
}

/// Hands changes to the task. When the last handle is dropped, the task does what is queued and ends.
#[derive(Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Writer {
    /// Starts the task. `alone`: the pool's one connection is used by nobody else, so that it can
    /// tell other processes' changes from this one's.
    pub(super) fn start(pool: SqlitePool, wakeups: broadcast::Sender<Wakeup>, alone: bool) -> Self {
        let (queue, requests) = mpsc::channel(QUEUE);
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let task = Task {
            pool,
            wakeups,
            requests,
            stop: stop.clone(),
            seen: None,
        };
        tasks.spawn(task.run(alone));
        Self { queue, stop, tasks }
    }

    /// Makes a change durable. Dropping the future leaves it done or not done.
    pub(super) async fn make<C: Change>(&self, change: C) -> Result<C::Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Pending {
            change: Some(change),
            outcome: None,
            reply,
        };
        self.queue
            .send(Box::new(job))
            .await
            .map_err(|_closed| StoreError::new(StoreErrorKind::Internal, "the store is closed"))?;
        answer.await.unwrap_or_else(|_ended| {
            let message = "the store stopped before it could tell the outcome";
            Err(StoreError::new(StoreErrorKind::Unavailable, message))
        })
    }

    /// Takes no more changes, makes those that are queued, and ends the task.
    pub(super) async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// A change with its caller, whatever its type.
#[async_trait]
trait Job: std::fmt::Debug + Send {
    /// Nobody waits for it any more.
    fn is_abandoned(&self) -> bool;

    /// True when what it did is to be kept.
    async fn run(&mut self, connection: &mut SqliteConnection) -> bool;

    /// Tells its caller, once the fate of the batch is known.
    fn settle(self: Box<Self>, batch: Result<(), Arc<sqlx::Error>>) -> Vec<Wakeup>;
}

struct Pending<C: Change> {
    change: Option<C>,
    outcome: Option<Result<Made<C::Answer>, StoreError>>,
    reply: oneshot::Sender<Result<C::Answer, StoreError>>,
}

impl<C: Change> std::fmt::Debug for Pending<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

#[async_trait]
impl<C: Change> Job for Pending<C> {
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    async fn run(&mut self, connection: &mut SqliteConnection) -> bool {
        if let Some(change) = self.change.take() {
            self.outcome = Some(change.make(connection).await);
        }
        matches!(self.outcome, Some(Ok(_)))
    }

    fn settle(self: Box<Self>, batch: Result<(), Arc<sqlx::Error>>) -> Vec<Wakeup> {
        let (answer, wakeups) = match (batch, self.outcome) {
            (Ok(()), Some(Ok(Made { answer, wakeups }))) => (Ok(answer), wakeups),
            (Ok(()), Some(Err(refusal))) => (Err(refusal), Vec::new()),
            // Refusals too: they may follow from what another request did and is now undone.
            (Err(error), _) => {
                let message = "the database failed to commit a batch of changes";
                let error =
                    StoreError::new(StoreErrorKind::Unavailable, message).with_source(error);
                (Err(error), Vec::new())
            }
            // The batch skips nothing but what is abandoned.
            (Ok(()), None) => return Vec::new(),
        };
        // Nobody may be there to hear it.
        let _heard = self.reply.send(answer);
        wakeups
    }
}

struct Task {
    pool: SqlitePool,
    wakeups: broadcast::Sender<Wakeup>,
    requests: mpsc::Receiver<Box<dyn Job>>,
    stop: CancellationToken,
    /// The version of the file at the last look.
    seen: Option<i64>,
}

impl Task {
    async fn run(mut self, alone: bool) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let job = tokio::select! {
                biased;
                () = self.stop.cancelled(), if !self.requests.is_closed() => {
                    self.requests.close();
                    continue;
                }
                // Before the requests, which may never cease.
                _at = looks.tick(), if alone => {
                    self.look().await;
                    continue;
                }
                job = self.requests.recv() => job,
            };
            let Some(job) = job else {
                return;
            };
            let mut jobs = vec![job];
            while jobs.len() < BATCH
                && let Ok(job) = self.requests.try_recv()
            {
                jobs.push(job);
            }
            self.settle(jobs).await;
        }
    }

    async fn settle(&self, mut jobs: Vec<Box<dyn Job>>) {
        let batch = self.commit(&mut jobs).await.map_err(Arc::new);
        for job in jobs {
            for wakeup in job.settle(batch.clone()) {
                // An error says that nobody listens.
                let _listeners = self.wakeups.send(wakeup);
            }
        }
    }

    /// Runs all in one transaction. `Ok`: what is to be kept is durable, the rest undone.
    async fn commit(&self, jobs: &mut [Box<dyn Job>]) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin_with(sql::BEGIN).await?;
        for job in jobs {
            if job.is_abandoned() {
                continue;
            }
            run(&mut transaction, sql::SAVEPOINT).await?;
            if !job.run(&mut transaction).await {
                run(&mut transaction, sql::UNDO).await?;
            }
            run(&mut transaction, sql::RELEASE_SAVEPOINT).await?;
        }
        transaction.commit().await
    }

    /// Tells listeners when another process has changed the file.
    async fn look(&mut self) {
        // The first look is needed to know what has changed by the second.
        if self.seen.is_some() && self.wakeups.receiver_count() == 0 {
            return;
        }
        match sqlx::query_scalar(sql::DATA_VERSION)
            .fetch_one(&self.pool)
            .await
        {
            Ok(version) => {
                let seen = self.seen.replace(version);
                if seen.is_some_and(|seen| seen != version) {
                    let _listeners = self.wakeups.send(Wakeup::Lagged);
                }
            }
            Err(error) => {
                let error = failed("look for other processes' changes", error);
                tracing::debug!(error = &error as &dyn std::error::Error, "no hints for now");
            }
        }
    }
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(connection).await.map(drop)
}

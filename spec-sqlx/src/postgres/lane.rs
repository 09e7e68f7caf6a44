//! Changes of one kind, on their way to the server together: one statement, and one commit, which
//! waits for the disk, serve all that were waiting when the one before had come back.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use spec_core::id::SpecId;
use spec_core::store::{StoreError, StoreErrorKind, Wakeup};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgPool, Postgres};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::database;
use super::hints::Hints;
use super::read::column;
use crate::error::{failed, sqlstate};

/// Requests that wait before callers have to.
const QUEUE: usize = 1024;
/// Requests that share one statement.
const BATCH: usize = 128;
/// How long a connection is kept after a statement: to take one from the pool costs a round trip.
const KEEP: Duration = Duration::from_millis(100);
/// How often a statement is tried again that lost to another one.
const TRIES: u32 = 5;

/// What a change has led to.
pub(super) struct Made<T> {
    pub(super) answer: T,
    /// What listeners are told.
    pub(super) wakeup: Option<Wakeup>,
}

/// A change that can share a statement with others of its kind.
pub(super) trait Change: Send + Sync + 'static {
    /// What its caller is told.
    type Answer: Send + 'static;

    /// What the database is to do.
    const DOING: &'static str;

    /// Statements that may be on their way at the same time. The server is busy with one while the
    /// disk is with the other.
    const WIDTH: usize;

    /// The spec that it changes.
    fn spec(&self) -> SpecId;

    /// Another name that no two changes of a statement may share.
    fn key(&self) -> Option<(&str, &str)> {
        None
    }

    /// The statement for all of `changes`. Its rows name a change by its `place` among them, from 1.
    fn statement(changes: &[&Self]) -> Query<'static, Postgres, PgArguments>;

    /// Its outcome, from its row, if it has one.
    fn made(&self, row: Option<&PgRow>) -> Result<Made<Self::Answer>, StoreError>;

    /// True when the statement, run again, would see why it failed.
    fn is_worth_a_look(&self, error: &sqlx::Error) -> bool;
}

/// Hands changes to the tasks of their kind. All changes of a spec go to the same one, in order.
pub(super) struct Lane<C: Change> {
    queues: Vec<mpsc::Sender<Pending<C>>>,
}

impl<C: Change> std::fmt::Debug for Lane<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane").field("doing", &C::DOING).finish()
    }
}

struct Pending<C: Change> {
    change: C,
    reply: oneshot::Sender<Result<C::Answer, StoreError>>,
}

impl<C: Change> Lane<C> {
    /// Starts the tasks. They end when the lane is dropped or `stop` is cancelled, after what is
    /// queued.
    pub(super) fn start(
        pool: &PgPool,
        hints: &Hints,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let start = |_number| {
            let (queue, requests) = mpsc::channel(QUEUE);
            let task = Task {
                pool: pool.clone(),
                hints: hints.clone(),
                requests,
                stop: stop.clone(),
                waiting: VecDeque::new(),
                connection: None,
            };
            tasks.spawn(task.run());
            queue
        };
        Self {
            queues: (0..C::WIDTH).map(start).collect(),
        }
    }

    /// Makes a change durable. Dropping the future leaves it done or not done.
    pub(super) async fn make(&self, change: C) -> Result<C::Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        let closed = || StoreError::new(StoreErrorKind::Internal, "the store is closed");
        // The last bytes of an identifier are random in every version that is in use.
        let [.., last] = change.spec().as_uuid().into_bytes();
        let queue = self.queues.get(usize::from(last) % C::WIDTH);
        queue
            .ok_or_else(closed)?
            .send(Pending { change, reply })
            .await
            .map_err(|_closed| closed())?;
        answer.await.unwrap_or_else(|_ended| {
            let message = "the store stopped before it could tell the outcome";
            Err(StoreError::new(StoreErrorKind::Unavailable, message))
        })
    }
}

struct Task<C: Change> {
    pool: PgPool,
    hints: Hints,
    requests: mpsc::Receiver<Pending<C>>,
    stop: CancellationToken,
    /// What could not share a statement with what came before it.
    waiting: VecDeque<Pending<C>>,
    /// Kept from one statement to the next, for a while.
    connection: Option<PoolConnection<Postgres>>,
}

impl<C: Change> Task<C> {
    async fn run(mut self) {
        loop {
            if self.waiting.is_empty() {
                let keeps = self.keeps();
                let request = tokio::select! {
                    biased;
                    () = self.stop.cancelled(), if !self.requests.is_closed() => {
                        self.requests.close();
                        continue;
                    }
                    request = self.requests.recv() => request,
                    () = tokio::time::sleep(keeps), if self.connection.is_some() => {
                        self.connection = None;
                        continue;
                    }
                };
                let Some(request) = request else {
                    return;
                };
                self.waiting.push_back(request);
            }
            let mut batch = self.gathered();
            batch.retain(|request| !request.reply.is_closed());
            // Locks are taken in this order everywhere.
            batch.sort_unstable_by_key(|request| request.change.spec());
            self.settle(batch).await;
        }
    }

    /// How long to keep the connection for the next request: not at all when others may need it.
    fn keeps(&self) -> Duration {
        let size = self.pool.size();
        if self.pool.num_idle() > 0 || size < self.pool.options().get_max_connections() {
            KEEP
        } else {
            Duration::ZERO
        }
    }

    /// The requests that are waiting, as many as can share a statement.
    fn gathered(&mut self) -> Vec<Pending<C>> {
        while self.waiting.len() < QUEUE
            && let Ok(request) = self.requests.try_recv()
        {
            self.waiting.push_back(request);
        }
        let (mut specs, mut keys) = (HashSet::new(), HashSet::new());
        let (mut batch, mut later) = (Vec::new(), VecDeque::new());
        for request in self.waiting.drain(..) {
            // Of a request that waits, too: the next one of its spec must not overtake it.
            let first = specs.insert(request.change.spec())
                & request
                    .change
                    .key()
                    .is_none_or(|(one, two)| keys.insert((one.to_owned(), two.to_owned())));
            if first && batch.len() < BATCH {
                batch.push(request);
            } else {
                later.push_back(request);
            }
        }
        self.waiting = later;
        batch
    }

    async fn settle(&mut self, batch: Vec<Pending<C>>) {
        if batch.is_empty() {
            return;
        }
        match self.attempt(&batch).await {
            Ok(rows) => self.answer(batch, &rows),
            // The statement failed as a whole because of one of them.
            Err(error)
                if batch.len() > 1 && !failed(C::DOING, Arc::clone(&error)).is_retryable() =>
            {
                for request in batch {
                    let one = [request];
                    let outcome = self.attempt(&one).await;
                    let [request] = one;
                    match outcome {
                        Ok(rows) => self.answer(vec![request], &rows),
                        Err(error) => refuse(request, error),
                    }
                }
            }
            Err(error) => {
                for request in batch {
                    refuse(request, Arc::clone(&error));
                }
            }
        }
    }

    fn answer(&self, batch: Vec<Pending<C>>, rows: &[PgRow]) {
        let mut by_place = HashMap::new();
        for row in rows {
            if let Ok(place) = column::<i64>(row, "place") {
                by_place.insert(place, row);
            }
        }
        for (request, place) in batch.into_iter().zip(1_i64..) {
            let answer = match request.change.made(by_place.get(&place).copied()) {
                Ok(Made { answer, wakeup }) => {
                    if let Some(wakeup) = wakeup {
                        self.hints.tell(wakeup);
                    }
                    Ok(answer)
                }
                Err(refusal) => Err(refusal),
            };
            // Nobody may be there to hear it.
            let _heard = request.reply.send(answer);
        }
    }

    /// Runs the statement, and again while it lost to another one or would now see what it met.
    async fn attempt(&mut self, batch: &[Pending<C>]) -> Result<Vec<PgRow>, Arc<sqlx::Error>> {
        let changes: Vec<&C> = batch.iter().map(|request| &request.change).collect();
        let mut tries = 1;
        loop {
            let error = match self.rows(C::statement(&changes)).await {
                Ok(rows) => return Ok(rows),
                Err(error) => error,
            };
            let alone = match changes.as_slice() {
                [change] => change.is_worth_a_look(&error),
                _ => false,
            };
            if tries == TRIES || !(alone || lost(&error)) {
                return Err(Arc::new(error));
            }
            tokio::time::sleep(Duration::from_millis(5 << tries)).await;
            tries += 1;
        }
    }

    async fn rows(
        &mut self,
        statement: Query<'static, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => database::acquire(&self.pool).await?,
        };
        let rows = database::rows_on(&mut connection, statement).await?;
        self.connection = Some(connection);
        Ok(rows)
    }
}

/// Serialisation failure or deadlock: undone, and as good as never tried.
fn lost(error: &sqlx::Error) -> bool {
    matches!(sqlstate(error).as_deref(), Some("40001" | "40P01"))
}

fn refuse<C: Change>(request: Pending<C>, error: Arc<sqlx::Error>) {
    let _heard = request.reply.send(Err(failed(C::DOING, error)));
}

//! The one connection that stays open: it hears what other processes have changed, and its locks show
//! that this one lives.

use std::future::pending;
use std::time::Duration;

use spec_core::store::Wakeup;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::time::{sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::database;
use super::hints::{CHANNEL, Hints, heard};
use super::liveness::{Liveness, Locks};
use crate::error::failed;

/// First and longest pause before the connection is made again: at first well within the time for
/// which a lock may be missing.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(2));
/// Longest wait for the end of a connection.
const CLOSING: Duration = Duration::from_secs(1);

/// Keeps a connection, with its locks, and passes on what is heard on it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) pool: PgPool,
    pub(super) own: Uuid,
    pub(super) hints: Hints,
    pub(super) liveness: Liveness,
}

impl Session {
    /// Ends with `stop`.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut pause = PAUSES.0;
        let mut again = false;
        while !stop.is_cancelled() {
            // A pool of its own: what the connection listens to never comes into a host's hands.
            let pool = self
                .pool
                .options()
                .clone()
                .min_connections(0)
                .max_connections(1)
                .max_lifetime(None)
                .idle_timeout(None)
                .connect_lazy_with(self.pool.connect_options().as_ref().clone());
            let lost = match stop
                .run_until_cancelled(Box::pin(self.connect(&pool, again)))
                .await
            {
                None => Ok(()),
                Some(Ok((listener, locks))) => {
                    (pause, again) = (PAUSES.0, true);
                    self.listen(listener, locks, &stop).await
                }
                Some(Err(error)) => Err(error),
            };
            self.liveness.disconnected();
            // A server that says nothing is not waited for.
            let _late = timeout(CLOSING, pool.close()).await;
            if let Err(error) = lost {
                let error = failed("tell of other processes' changes", error);
                tracing::debug!(error = &error as &dyn std::error::Error, "no hints for now");
                let _stopped = stop.run_until_cancelled(sleep(pause)).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        }
        self.liveness.turn_off();
    }

    async fn connect(
        &self,
        pool: &PgPool,
        again: bool,
    ) -> Result<(PgListener, Locks), sqlx::Error> {
        let connected = async {
            let mut listener = PgListener::connect_with(pool).await?;
            listener.eager_reconnect(false);
            self.liveness.connected(again);
            let mut locks = Locks::default();
            // Before all else: somebody may be waiting for them to come back.
            locks.settle(&mut listener, &self.liveness).await?;
            listener.listen(CHANNEL).await?;
            Ok((listener, locks))
        };
        database::in_time(connected).await?
    }

    /// Passes on what is heard, and holds what is asked for, until stopped or the connection is lost.
    async fn listen(
        &self,
        mut listener: PgListener,
        mut locks: Locks,
        stop: &CancellationToken,
    ) -> Result<(), sqlx::Error> {
        // What was said before is lost.
        self.hints.tell_here(Wakeup::Lagged);
        loop {
            let tell = async {
                match self.liveness.tell_at() {
                    Some(then) => sleep_until(then).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => {
                    return database::in_time(locks.let_all_go(&mut listener)).await?;
                }
                said = listener.try_recv() => {
                    let said = said?.ok_or(sqlx::Error::WorkerCrashed)?;
                    for hint in heard(self.own, said.payload()) {
                        self.hints.tell_here(hint);
                    }
                }
                () = self.liveness.changed() => {
                    database::in_time(locks.settle(&mut listener, &self.liveness)).await??;
                }
                () = tell => {
                    self.liveness.told();
                    self.hints.tell_here(Wakeup::Lagged);
                }
            }
        }
    }
}

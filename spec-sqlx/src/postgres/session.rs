//! The one connection that stays open: it hears what other processes have changed.

use std::time::Duration;

use spec_core::store::Wakeup;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::database;
use super::hints::{CHANNEL, Hints, heard};
use crate::error::failed;

/// First and longest pause before the connection is made again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Keeps a connection and passes on what is heard on it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) pool: PgPool,
    pub(super) own: Uuid,
    pub(super) hints: Hints,
}

impl Session {
    /// Ends with `stop`.
    pub(super) async fn run(self, stop: CancellationToken) {
        let mut pause = PAUSES.0;
        loop {
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
            let ended = stop
                .run_until_cancelled(self.listen(&pool, &mut pause))
                .await;
            pool.close().await;
            match ended {
                None => return,
                Some(error) => {
                    let error = failed("tell of other processes' changes", error);
                    tracing::debug!(error = &error as &dyn std::error::Error, "no hints for now");
                }
            }
            if stop
                .run_until_cancelled(tokio::time::sleep(pause))
                .await
                .is_none()
            {
                return;
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Passes on what is heard until the connection is lost.
    async fn listen(&self, pool: &PgPool, pause: &mut Duration) -> sqlx::Error {
        let connected = async {
            let mut listener = PgListener::connect_with(pool).await?;
            listener.eager_reconnect(false);
            listener.listen(CHANNEL).await?;
            Ok(listener)
        };
        let mut listener = match database::in_time(connected).await {
            Ok(Ok(listener)) => listener,
            Ok(Err(error)) | Err(error) => return error,
        };
        *pause = PAUSES.0;
        // What was said before is lost.
        self.hints.tell_here(Wakeup::Lagged);
        loop {
            match listener.try_recv().await {
                Ok(Some(said)) => {
                    for hint in heard(self.own, said.payload()) {
                        self.hints.tell_here(hint);
                    }
                }
                Ok(None) => return sqlx::Error::WorkerCrashed,
                Err(error) => return error,
            }
        }
    }
}

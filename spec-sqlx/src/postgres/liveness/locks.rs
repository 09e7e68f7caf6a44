//! The locks that one session holds.

use std::collections::HashSet;

use sqlx::postgres::{PgListener, PgRow};
use sqlx::{Error, Row};
use uuid::Uuid;

use super::Liveness;
use crate::postgres::sql;

/// The runners whose locks a session holds, each once. They end with the session.
#[derive(Debug, Default)]
pub(in crate::postgres) struct Locks {
    held: HashSet<Uuid>,
}

impl Locks {
    /// Holds what is asked for, and nothing else.
    pub(in crate::postgres) async fn settle(
        &mut self,
        session: &mut PgListener,
        liveness: &Liveness,
    ) -> Result<(), Error> {
        let asked = liveness.asked();
        let gone = self.held.iter().copied();
        self.let_go(session, gone.filter(|id| !asked.all.contains(id)).collect())
            .await?;

        let fresh: Vec<Uuid> = without(&asked.to_be_pinned, &self.held);
        if !fresh.is_empty() {
            let query = sqlx::query(sql::LOCK_RUNNERS).bind(fresh);
            self.held
                .extend(ids(&query.fetch_all(&mut *session).await?)?);
        }

        // Somebody else may have taken a lock of this name for itself: then only the lease decides.
        let mut locked = asked.to_be_pinned;
        locked.retain(|id| self.held.contains(id));
        if !locked.is_empty() {
            let query = sqlx::query(sql::PIN_RUNNERS).bind(locked.clone());
            let pinned = ids(&query.fetch_all(session).await?)?;
            // Retired or expired meanwhile.
            for id in without(&locked, &pinned) {
                liveness.forget(id);
            }
        }
        Ok(())
    }

    /// Lets everything go: from now on only leases decide.
    pub(in crate::postgres) async fn let_all_go(
        &mut self,
        session: &mut PgListener,
    ) -> Result<(), Error> {
        let all = self.held.iter().copied().collect();
        self.let_go(session, all).await
    }

    async fn let_go(&mut self, session: &mut PgListener, gone: Vec<Uuid>) -> Result<(), Error> {
        if gone.is_empty() {
            return Ok(());
        }
        let query = sqlx::query(sql::UNPIN_RUNNERS).bind(gone.clone());
        query.execute(&mut *session).await?;
        let query = sqlx::query(sql::UNLOCK_RUNNERS).bind(gone.clone());
        query.execute(session).await?;
        for id in gone {
            self.held.remove(&id);
        }
        Ok(())
    }
}

fn without(ids: &[Uuid], others: &HashSet<Uuid>) -> Vec<Uuid> {
    let kept = ids.iter().filter(|id| !others.contains(id));
    kept.copied().collect()
}

fn ids(rows: &[PgRow]) -> Result<HashSet<Uuid>, Error> {
    rows.iter().map(|row| row.try_get("id")).collect()
}

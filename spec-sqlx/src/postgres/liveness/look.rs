//! The look that a claim takes at other runners.

use spec_core::id::RunnerId;
use spec_core::store::Wakeup;
use sqlx::{Error, PgConnection, Row};

use super::{GRACE, Liveness};
use crate::postgres::hints::Hints;
use crate::postgres::lease::micros;
use crate::postgres::sql;

/// What a look has found: runners whose lock is missing, and how many leases it has ended.
#[derive(Debug)]
pub(in crate::postgres) struct Look {
    missing: i64,
    ended: i64,
}

/// Marks suspects and ends the leases of the dead, within the transaction of a claim of `runner`.
pub(in crate::postgres) async fn look(
    transaction: &mut PgConnection,
    runner: RunnerId,
) -> Result<Look, Error> {
    let row = sqlx::query(sql::LOOK_FOR_THE_DEAD)
        .bind(runner.as_uuid())
        .bind(micros(GRACE))
        .fetch_one(transaction)
        .await?;
    Ok(Look {
        missing: row.try_get("missing")?,
        ended: row.try_get("ended")?,
    })
}

impl Look {
    /// Once its transaction is committed: tells who has to act.
    pub(in crate::postgres) fn tell(&self, liveness: &Liveness, hints: &Hints) {
        let Self { missing, ended } = *self;
        // Also those that another store was just looking at.
        if missing > ended {
            liveness.suspects();
        }
        if ended > 0 {
            tracing::warn!(runners = ended, "the processes of runners have died");
            hints.tell(Wakeup::Lagged);
        }
    }
}

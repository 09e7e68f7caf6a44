//! What is deleted for good.

use spec_core::clock::Timestamp;
use spec_core::store::{PageLimit, StoreError};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::sql;
use super::writer::{Change, Made};
use crate::error::failed;

pub(super) struct PurgeChange {
    pub(super) archived_before: Timestamp,
    pub(super) limit: PageLimit,
}

impl Change for PurgeChange {
    type Answer = u32;

    async fn make(self, connection: &mut SqliteConnection) -> Result<Made<u32>, StoreError> {
        let failed = |error| failed("delete old specs", error);
        let old: Vec<Uuid> = sqlx::query_scalar(sql::ARCHIVED)
            .bind(self.archived_before.as_micros())
            .bind(self.limit.get())
            .fetch_all(&mut *connection)
            .await
            .map_err(failed)?;
        let mut deleted = 0;
        for id in old {
            for statement in [
                sql::DELETE_KEYS,
                sql::DELETE_ARTIFACTS,
                sql::DELETE_EVENTS,
                sql::DELETE_STATE,
                sql::DELETE_SPEC,
            ] {
                sqlx::query(statement)
                    .bind(id)
                    .execute(&mut *connection)
                    .await
                    .map_err(failed)?;
            }
            deleted += 1;
        }
        Ok(Made {
            answer: deleted,
            wakeups: Vec::new(),
        })
    }
}

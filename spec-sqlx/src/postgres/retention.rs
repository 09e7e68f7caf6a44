//! What is deleted for good.

use spec_core::clock::Timestamp;
use spec_core::store::{PageLimit, StoreError};
use sqlx::{Connection, PgPool};
use uuid::Uuid;

use super::change::time;
use super::{database, sql};
use crate::error::failed;

/// Deletes specs that were archived before then, and says how many.
pub(super) async fn purge(
    pool: &PgPool,
    archived_before: Timestamp,
    limit: PageLimit,
) -> Result<u32, StoreError> {
    let failed = |error| failed("delete old specs", error);
    let mut connection = database::acquire(pool).await.map_err(failed)?;
    let work = async {
        let mut transaction = connection.begin().await?;
        let old: Vec<Uuid> = sqlx::query_scalar(sql::DELETE_SPECS)
            .bind(time(archived_before))
            .bind(i64::from(limit.get()))
            .fetch_all(&mut *transaction)
            .await?;
        let deleted = u32::try_from(old.len()).unwrap_or(u32::MAX);
        sqlx::query(sql::DELETE_REST)
            .bind(old)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(deleted)
    };
    let deleted = database::in_time(work).await;
    if deleted.is_err() {
        connection.close_on_drop();
    }
    deleted.map_err(failed)?.map_err(failed)
}

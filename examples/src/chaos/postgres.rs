//! Postgres as a victim.

use sqlx::PgPool;

use super::APPLICATION;

/// Why Postgres was left alone.
const SOMEBODY_ELSE: &str = "somebody else is connected to it";
const NO_RIGHT: &str = "this role may not run programs there";

/// Kills the server process of a connection, upon which Postgres ends all others and recovers from
/// its log, as after a crash of the machine. Left alone, with the reason, when somebody else is
/// connected or the role may not do that.
///
/// # Errors
///
/// When the database cannot be asked.
pub async fn crash(pool: &PgPool) -> Result<Result<(), &'static str>, sqlx::Error> {
    let strangers: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity \
         WHERE backend_type = 'client backend' AND application_name <> $1",
    )
    .bind(APPLICATION)
    .fetch_one(pool)
    .await?;
    if strangers > 0 {
        return Ok(Err(SOMEBODY_ELSE));
    }
    let may: bool = sqlx::query_scalar(
        "SELECT pg_has_role(current_user, 'pg_execute_server_program', 'MEMBER')",
    )
    .fetch_one(pool)
    .await?;
    if !may {
        return Ok(Err(NO_RIGHT));
    }
    // The parent of the program is the server process of this very connection: the error is the
    // success.
    let _killed = sqlx::query("COPY (SELECT 1) TO PROGRAM 'kill -KILL $PPID'")
        .execute(pool)
        .await;
    Ok(Ok(()))
}

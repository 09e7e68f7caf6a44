//! Postgres as a victim.

use std::time::{Duration, Instant};

use anyhow::bail;
use sqlx::{Connection as _, PgPool};
use tokio::time::{sleep, timeout};

use super::APPLICATION;

/// Longest wait for the other sessions to end; the server ends them at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the server of `pool` may be crashed.
///
/// # Errors
///
/// When somebody else is connected to it, or the role may not do that.
pub async fn may_crash(pool: &PgPool) -> anyhow::Result<()> {
    let strangers: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity \
         WHERE backend_type = 'client backend' AND application_name <> $1",
    )
    .bind(APPLICATION)
    .fetch_one(pool)
    .await?;
    if strangers > 0 {
        bail!(
            "somebody else is connected to this Postgres, so it is not crashed; \
             name a throw-away one, or use --spare-postgres"
        );
    }
    let may: bool = sqlx::query_scalar(
        "SELECT pg_has_role(current_user, 'pg_execute_server_program', 'MEMBER')",
    )
    .fetch_one(pool)
    .await?;
    if !may {
        bail!(
            "this role may not run programs on the server, which crashing it takes; \
             connect as a superuser, or use --spare-postgres"
        );
    }
    Ok(())
}

/// Kills the server process of a connection, upon which Postgres ends all others and recovers from
/// its log, as after a crash of the machine.
///
/// # Errors
///
/// When the server [may not be crashed](may_crash), or has not crashed.
pub async fn crash(pool: &PgPool) -> anyhow::Result<()> {
    may_crash(pool).await?;
    let mut witness = pool.acquire().await?;
    // The parent of the program is the server process of this very connection: the error is the
    // success.
    let _killed = sqlx::query("COPY (SELECT 1) TO PROGRAM 'kill -KILL $PPID'")
        .execute(pool)
        .await;
    let deadline = Instant::now() + PATIENCE;
    while matches!(timeout(PATIENCE, witness.ping()).await, Ok(Ok(()))) {
        if Instant::now() > deadline {
            bail!("Postgres does not crash: another session outlived its victim");
        }
        sleep(Duration::from_millis(10)).await;
    }
    witness.close_on_drop();
    Ok(())
}

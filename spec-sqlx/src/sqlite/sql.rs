//! Every statement that SQLite is given, in one place, so that a test can prepare them all.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* pub(super) const $name: &str = $sql;)+

        #[cfg(test)]
        const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}

/// One spec with its state, which is `NULL` when the row is there without it.
macro_rules! stored {
    ($rest:literal) => {
        concat!(
            "SELECT s.id, s.last_sequence, s.checkpoint, t.state, s.due_at, s.epoch, s.claims \
             FROM spec_specs s LEFT JOIN spec_states t ON t.spec_id = s.id ",
            $rest
        )
    };
}

/// A page of specs, newest first: `?1` before, `?2` project, `?3` owner, `?4` status, `?5` archived
/// ones too, `?6` limit, `?7` what is looked for in titles, [folded](crate::row::Listed).
macro_rules! list {
    ($of:literal) => {
        concat!(
            "SELECT id, summary FROM spec_specs WHERE id < ?1 AND ",
            $of,
            " AND (?4 IS NULL OR status = ?4) AND (?5 OR archived_at IS NULL) \
               AND (?7 IS NULL OR instr(\
                   coalesce(summary ->> '$.folded_title', lower(summary ->> '$.title')), ?7) > 0) \
             ORDER BY id DESC LIMIT ?6"
        )
    };
}

statements! {
    BEGIN = "BEGIN IMMEDIATE";
    SAVEPOINT = "SAVEPOINT spec_request";
    UNDO = "ROLLBACK TO spec_request";
    RELEASE_SAVEPOINT = "RELEASE spec_request";
    DATA_VERSION = "PRAGMA data_version";

    SPEC = stored!("WHERE s.id = ?1");
    /// `?1` now, `?2` machine version, `?3` and `?4` the last row seen, `?5` limit. A runner without a
    /// row is as dead as an expired one.
    DUE = stored!(
        "LEFT JOIN spec_runners r ON r.id = s.runner \
         WHERE s.due_at <= ?1 AND s.machine_version <= ?2 AND (s.due_at, s.id) > (?3, ?4) \
           AND (r.expires_at IS NULL OR r.expires_at <= ?1) \
         ORDER BY s.due_at, s.id LIMIT ?5"
    );
    DUE_ONLY = stored!(
        "LEFT JOIN spec_runners r ON r.id = s.runner \
         WHERE s.id = ?6 AND s.due_at <= ?1 AND s.machine_version <= ?2 \
           AND (s.due_at, s.id) > (?3, ?4) \
           AND (r.expires_at IS NULL OR r.expires_at <= ?1) \
         LIMIT ?5"
    );
    /// What is due of every project, `?1` now, `?2` machine version, `?3` limit.
    DUE_OF_PROJECTS = "SELECT s.project_id, s.id FROM spec_specs s \
                       LEFT JOIN spec_runners r ON r.id = s.runner \
                       WHERE s.due_at <= ?1 AND s.machine_version <= ?2 \
                         AND (r.expires_at IS NULL OR r.expires_at <= ?1) \
                       ORDER BY s.due_at, s.id LIMIT ?3";
    HELD_OF_PROJECTS = "SELECT s.project_id, count(*) AS held FROM spec_specs s \
                        JOIN spec_runners r ON r.id = s.runner \
                        WHERE r.expires_at > ?1 GROUP BY s.project_id";
    LIST = list!("(?2 IS NULL OR project_id = ?2) AND (?3 IS NULL OR owner = ?3)");
    LIST_OF_PROJECT = list!("project_id = ?2 AND (?3 IS NULL OR owner = ?3)");
    LIST_OF_OWNER = list!("(?2 IS NULL OR project_id = ?2) AND owner = ?3");
    EVENTS = "SELECT sequence, at, revision, body FROM spec_events \
              WHERE spec_id = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3";
    ARTIFACT = "SELECT artifact FROM spec_artifacts \
                WHERE spec_id = ?1 AND phase = ?2 AND (?3 IS NULL OR version = ?3) \
                ORDER BY version DESC LIMIT 1";
    ARTIFACTS = "SELECT artifact FROM spec_artifacts a \
                 WHERE spec_id = ?1 AND version = (\
                     SELECT max(version) FROM spec_artifacts \
                     WHERE spec_id = a.spec_id AND phase = a.phase)";

    SPEC_OF_KEY = "SELECT spec_id FROM spec_idempotency_keys WHERE owner = ?1 AND key = ?2";
    IS_TAKEN = "SELECT EXISTS (SELECT 1 FROM spec_specs WHERE id = ?1)";
    INSERT_SPEC = "INSERT INTO spec_specs (id, project_id, owner, status, archived_at, \
                       machine_version, revision, last_sequence, due_at, epoch, claims, summary) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0, ?10)";
    INSERT_STATE = "INSERT INTO spec_states (spec_id, state) VALUES (?1, ?2)";
    INSERT_KEY = "INSERT INTO spec_idempotency_keys (owner, key, spec_id) VALUES (?1, ?2, ?3)";
    INSERT_EVENT = "INSERT INTO spec_events (spec_id, sequence, at, revision, body) \
                    VALUES (?1, ?2, ?3, ?4, ?5)";
    INSERT_ARTIFACT = "INSERT INTO spec_artifacts (spec_id, phase, version, artifact) \
                       VALUES (?1, ?2, ?3, ?4)";

    HEAD = "SELECT revision, last_sequence, epoch, runner FROM spec_specs WHERE id = ?1";
    UPDATE_SPEC = "UPDATE spec_specs SET status = ?2, archived_at = ?3, machine_version = ?4, \
                       revision = ?5, last_sequence = ?6, due_at = ?7, summary = ?8, \
                       claims = CASE WHEN ?9 THEN 0 ELSE claims END, \
                       runner = CASE WHEN ?10 THEN NULL ELSE runner END, \
                       checkpoint = coalesce(?11, checkpoint) \
                   WHERE id = ?1";
    UPDATE_STATE = "INSERT INTO spec_states (spec_id, state) VALUES (?1, ?2) \
                    ON CONFLICT (spec_id) DO UPDATE SET state = excluded.state";
    UPDATE_CHECKPOINT = "UPDATE spec_specs SET last_sequence = ?2, checkpoint = ?3, claims = 0 \
                         WHERE id = ?1";

    EXPIRY = "SELECT expires_at FROM spec_runners WHERE id = ?1";
    TAKE = "UPDATE spec_specs SET epoch = ?2, runner = ?3, claims = ?4 WHERE id = ?1";
    BEAT = "INSERT INTO spec_runners (id, expires_at) VALUES (?1, ?2) \
            ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at";
    FORGET_RUNNERS = "DELETE FROM spec_runners WHERE expires_at <= ?1 \
                      AND NOT EXISTS (SELECT 1 FROM spec_specs WHERE runner = spec_runners.id)";
    HELD = "SELECT id, epoch, revision FROM spec_specs WHERE runner = ?1";
    GIVE_BACK = "UPDATE spec_specs SET runner = NULL, claims = 0 \
                 WHERE id = ?1 AND epoch = ?2 AND runner = ?3 \
                 RETURNING id, revision, due_at IS NOT NULL AS owed";
    GIVE_BACK_ALL = "UPDATE spec_specs SET runner = NULL, claims = 0 \
                     WHERE runner = ?1 RETURNING id, revision, due_at IS NOT NULL AS owed";
    LEAD = "INSERT INTO spec_duties (name, runner, expires_at) VALUES (?1, ?2, ?3) \
            ON CONFLICT (name) DO UPDATE \
                SET runner = excluded.runner, expires_at = excluded.expires_at \
                WHERE spec_duties.runner = excluded.runner OR spec_duties.expires_at <= ?4";
    ARCHIVED = "SELECT id FROM spec_specs WHERE archived_at < ?1 LIMIT ?2";
    DELETE_SPEC = "DELETE FROM spec_specs WHERE id = ?1";
    DELETE_STATE = "DELETE FROM spec_states WHERE spec_id = ?1";
    DELETE_EVENTS = "DELETE FROM spec_events WHERE spec_id = ?1";
    DELETE_ARTIFACTS = "DELETE FROM spec_artifacts WHERE spec_id = ?1";
    DELETE_KEYS = "DELETE FROM spec_idempotency_keys WHERE spec_id = ?1";
    FORGET_RUNNER = "DELETE FROM spec_runners WHERE id = ?1";
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection, Executor, Row, SqlSafeStr, SqliteConnection};

    use super::super::migrations::migrate;
    use super::*;

    async fn migrated() -> SqliteConnection {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        migrate(&mut connection).await.unwrap();
        connection
    }

    #[tokio::test]
    async fn every_statement_fits_the_tables() {
        let mut connection = migrated().await;
        for (name, sql) in ALL {
            let prepared = (&mut connection).prepare(sql.into_sql_str()).await;
            assert!(prepared.is_ok(), "{name}: {}", prepared.unwrap_err());
        }
    }

    /// Claims and lists are asked for all the time and must not read every spec.
    #[tokio::test]
    async fn what_is_asked_often_is_found_by_an_index() {
        let mut connection = migrated().await;
        for (sql, index) in [
            (DUE, "spec_specs_due"),
            (HELD, "spec_specs_held"),
            (GIVE_BACK_ALL, "spec_specs_held"),
            (LIST_OF_PROJECT, "spec_specs_of_project"),
            (LIST_OF_OWNER, "spec_specs_of_owner"),
            (LIST, "PRIMARY KEY"),
            (EVENTS, "PRIMARY KEY"),
        ] {
            let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
                .fetch_all(&mut connection)
                .await
                .unwrap();
            let steps: Vec<String> = plan.iter().map(|step| step.get("detail")).collect();
            assert!(
                steps
                    .iter()
                    .any(|step| step.starts_with("SEARCH") && step.contains(index)),
                "{sql}: {steps:?}"
            );
            let sorts = steps.iter().any(|step| step.contains("TEMP B-TREE"));
            assert!(!sorts, "{sql}: {steps:?}");
        }
    }
}

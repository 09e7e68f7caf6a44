//! Every statement that Postgres is given, in one place, so that a test can prepare them all.

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* pub(super) const $name: &str = $sql;)+

        #[cfg(test)]
        const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}

/// The time, read once: an index can be searched for a constant and not for a function's next value.
macro_rules! clock {
    ($rest:expr) => {
        concat!(
            "WITH RECURSIVE clock AS MATERIALIZED (SELECT spec.now() AS now), ",
            $rest
        )
    };
}

/// The columns of a stored spec; the state is `NULL` when the row is there without it.
macro_rules! stored {
    ($from:literal) => {
        concat!(
            "t.state::text AS state, d.description, c.checkpoint::text AS checkpoint FROM ",
            $from,
            " LEFT JOIN spec.states t ON t.spec_id = s.id AND spec.sought(t.spec_id) \
              LEFT JOIN spec.descriptions d ON d.spec_id = s.id AND spec.sought(d.spec_id) \
              LEFT JOIN spec.checkpoints c ON c.spec_id = s.id AND spec.sought(c.spec_id) "
        )
    };
}

/// A page of specs, newest first: `$1` before, `$2` project, `$3` owner, `$4` status, `$5` archived
/// ones too, `$6` limit. No spec has the greatest identifier. The limit that the planner can see, a
/// full page and one more, keeps it from expecting a tenth of all specs. A filter that is not asked for
/// has no place in the condition: the planner would take it for one that hardly any spec passes.
macro_rules! list {
    ($of:literal $(, $title:literal)?) => {
        concat!(
            "SELECT * FROM (\
                 SELECT s.id, t.summary::text AS summary FROM spec.specs s \
                 JOIN spec.states t ON t.spec_id = s.id AND spec.sought(t.spec_id) \
                 WHERE s.id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid) \
                     AND spec.sought(s.id) AND ",
            $of,
            " AND ($5 OR s.archived_at IS NULL) " $(, $title)?,
            "ORDER BY s.id DESC LIMIT 1001) AS page ORDER BY id DESC LIMIT $6"
        )
    };
}

/// Likewise, of specs in whose title `$7` stands, [folded](crate::row::Listed).
macro_rules! search {
    ($of:literal) => {
        list!(
            $of,
            "AND strpos(\
                 coalesce(t.summary->>'folded_title', lower((t.summary->>'title') COLLATE \"C\")) \
                     COLLATE \"C\", $7) > 0 "
        )
    };
}

/// Runners that hold something, each found by one look at the index.
macro_rules! holders {
    () => {
        "holder (id) AS (\
             (SELECT runner FROM spec.specs WHERE runner IS NOT NULL AND spec.sought(id) \
              ORDER BY runner LIMIT 1) \
             UNION ALL \
             SELECT (SELECT s.runner FROM spec.specs s WHERE s.runner > h.id AND spec.sought(s.id) \
                     ORDER BY s.runner LIMIT 1) \
             FROM holder h WHERE h.id IS NOT NULL), \
         dead AS MATERIALIZED (\
             SELECT r.id FROM holder h JOIN spec.runners r ON r.id = h.id \
             WHERE r.expires_at <= (SELECT now FROM clock)), "
    };
}

/// The first half of the names of runners' locks: an arbitrary number that is this library's own.
macro_rules! lock_class {
    () => {
        "1397769539"
    };
}

/// Takes specs: `$1` runner, `$2` limit, `$3` machine version, and what `$these` asks for.
///
/// A dead runner is locked while what it held is taken: a heartbeat that came in time then counts.
/// `unchanged` is false when the row was changed after this statement had begun, so that the state
/// read here may be older than the row.
macro_rules! claim {
    ($these:literal) => {
        clock!(concat!(
            holders!(),
            "me AS MATERIALIZED (\
                 SELECT FROM spec.runners WHERE id = $1 AND expires_at > (SELECT now FROM clock)), \
             free AS MATERIALIZED (\
                 SELECT s.id, s.ctid AS at, s.run_at AS due FROM spec.specs s \
                 WHERE s.ready AND s.run_at <= (SELECT now FROM clock) AND spec.sought(s.id) \
                   AND s.machine_version <= $3 AND EXISTS (SELECT FROM me) ",
            $these,
            "    ORDER BY s.run_at, s.id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED), \
             left_behind AS MATERIALIZED (\
                 SELECT s.id, s.ctid AS at, s.due_at AS due \
                 FROM dead JOIN spec.specs s ON s.runner = dead.id AND spec.sought(s.id) \
                     JOIN spec.runners r ON r.id = s.runner \
                 WHERE r.expires_at <= (SELECT now FROM clock) \
                   AND s.due_at <= (SELECT now FROM clock) \
                   AND s.machine_version <= $3 AND EXISTS (SELECT FROM me) ",
            $these,
            "    ORDER BY s.due_at, s.id LIMIT $2 \
                 FOR NO KEY UPDATE OF s SKIP LOCKED FOR SHARE OF r SKIP LOCKED), \
             chosen AS MATERIALIZED (\
                 SELECT * FROM free UNION ALL SELECT * FROM left_behind ORDER BY due, id LIMIT $2), \
             taken AS (\
                 UPDATE spec.specs s SET ready = false, runner = $1, epoch = s.epoch + 1, \
                     claims = s.claims + 1 \
                 FROM chosen WHERE s.id = chosen.id AND spec.sought(s.id) \
                 RETURNING s.id, chosen.at, chosen.due, s.epoch, s.claims - 1 AS fruitless, \
                     s.last_sequence), \
             claimed AS (\
                 SELECT s.*, o.ctid = s.at AS unchanged, ",
            stored!("taken s JOIN spec.specs o ON o.id = s.id AND spec.sought(o.id)"),
            ") SELECT EXISTS (SELECT FROM me) AS alive, claimed.* \
             FROM (VALUES (1)) AS always LEFT JOIN claimed ON true ORDER BY due, id"
        ))
    };
}

/// Gives back what `$these` names; `$1` runner.
macro_rules! give_back {
    ($these:literal) => {
        clock!(concat!(
            "given AS MATERIALIZED (\
                 SELECT id FROM spec.specs WHERE runner = $1 AND spec.sought(id) ",
            $these,
            "    ORDER BY id FOR NO KEY UPDATE), \
             gone AS (\
                 UPDATE spec.specs s SET runner = NULL, claims = 0, \
                     ready = s.due_at IS NOT NULL, run_at = s.due_at \
                 FROM given WHERE s.id = given.id AND spec.sought(s.id) \
                 RETURNING s.id, s.revision, s.run_at) \
             SELECT id, revision, coalesce(run_at <= (SELECT now FROM clock), false) AS due FROM gone"
        ))
    };
}

/// The rows that requests are about, locked in one order everywhere, and whether each request finds
/// what it expects.
macro_rules! locked {
    ($expected:literal) => {
        concat!(
            "locked AS MATERIALIZED (\
                 SELECT r.place, s.id, s.revision, s.epoch, s.runner, coalesce(",
            $expected,
            ", false) AS current \
                 FROM request r JOIN spec.specs s ON s.id = r.id AND spec.sought(s.id) \
                 ORDER BY s.id FOR NO KEY UPDATE OF s), "
        )
    };
}

/// What the state asks for at once is due by this clock too, should the sender's run a little ahead.
macro_rules! due_at {
    () => {
        "CASE WHEN r.at_once AND r.due < clock.now + interval '1 second' \
             THEN least(r.due, clock.now) ELSE r.due END AS due_at"
    };
}

/// How far output was read with a change.
macro_rules! checkpoints {
    () => {
        "checkpoint AS (\
             INSERT INTO spec.checkpoints (spec_id, checkpoint) \
             SELECT c.id, r.checkpoint::json FROM changed c JOIN request r ON r.place = c.place \
             WHERE r.checkpoint IS NOT NULL \
             ON CONFLICT (spec_id) DO UPDATE SET checkpoint = excluded.checkpoint), "
    };
}

/// Events of requests, from five arrays that begin at the named parameters.
macro_rules! events {
    ($place:literal, $ordinal:literal, $at:literal, $revision:literal, $body:literal, $of:literal) => {
        concat!(
            "event AS (\
                 INSERT INTO spec.events (spec_id, sequence, at, revision, body) \
                 SELECT c.id, c.before + e.ordinal, e.at, e.revision, e.body::json \
                 FROM unnest(",
            $place,
            "::bigint[], ",
            $ordinal,
            "::integer[], ",
            $at,
            "::timestamptz[], ",
            $revision,
            "::bigint[], ",
            $body,
            "::text[]) \
                     AS e (place, ordinal, at, revision, body) JOIN ",
            $of,
            " c ON c.place = e.place), "
        )
    };
}

statements! {
    VERSION = "SELECT max(version) AS version FROM spec.migrations";
    /// An arbitrary number that is this library's own.
    LOCK_MIGRATIONS = "SELECT pg_advisory_xact_lock(6007912388212943817)";

    SPEC = concat!("SELECT s.id, s.last_sequence, ", stored!("spec.specs s"),
                  "WHERE s.id = $1 AND spec.sought(s.id)");
    LIST = list!("$2::text IS NULL AND $3::text IS NULL AND $4::text IS NULL");
    LIST_OF_PROJECT = list!("s.project_id = $2 AND $3::text IS NULL AND $4::text IS NULL");
    LIST_OF_OWNER = list!("$2::text IS NULL AND s.owner = $3 AND $4::text IS NULL");
    LIST_OF_STATUS = list!("$2::text IS NULL AND $3::text IS NULL AND s.status = $4");
    LIST_OF_PROJECT_AND_OWNER = list!("s.project_id = $2 AND s.owner = $3 AND $4::text IS NULL");
    LIST_OF_PROJECT_AND_STATUS = list!("s.project_id = $2 AND $3::text IS NULL AND s.status = $4");
    LIST_OF_OWNER_AND_STATUS = list!("$2::text IS NULL AND s.owner = $3 AND s.status = $4");
    LIST_OF_ALL_THREE = list!("s.project_id = $2 AND s.owner = $3 AND s.status = $4");
    SEARCH = search!("$2::text IS NULL AND $3::text IS NULL AND $4::text IS NULL");
    SEARCH_OF_PROJECT = search!("s.project_id = $2 AND $3::text IS NULL AND $4::text IS NULL");
    SEARCH_OF_OWNER = search!("$2::text IS NULL AND s.owner = $3 AND $4::text IS NULL");
    SEARCH_OF_STATUS = search!("$2::text IS NULL AND $3::text IS NULL AND s.status = $4");
    SEARCH_OF_PROJECT_AND_OWNER = search!("s.project_id = $2 AND s.owner = $3 AND $4::text IS NULL");
    SEARCH_OF_PROJECT_AND_STATUS = search!("s.project_id = $2 AND $3::text IS NULL AND s.status = $4");
    SEARCH_OF_OWNER_AND_STATUS = search!("$2::text IS NULL AND s.owner = $3 AND s.status = $4");
    SEARCH_OF_ALL_THREE = search!("s.project_id = $2 AND s.owner = $3 AND s.status = $4");
    EVENTS = "SELECT sequence, at, revision, body::text AS body FROM spec.events \
              WHERE spec_id = $1 AND sequence > $2 AND spec.sought(spec_id) ORDER BY sequence LIMIT $3";
    ARTIFACT = "SELECT artifact::text AS artifact FROM spec.artifacts \
                WHERE spec_id = $1 AND phase = $2 AND spec.sought(spec_id) AND ($3::bigint IS NULL OR version = $3) \
                ORDER BY version DESC LIMIT 1";
    ARTIFACTS = "SELECT DISTINCT ON (phase) artifact::text AS artifact FROM spec.artifacts \
                 WHERE spec_id = $1 AND spec.sought(spec_id) ORDER BY phase, version DESC";

    CREATE = clock!(concat!(
        "request AS MATERIALIZED (\
             SELECT r.*, ",
        due_at!(),
        " \
             FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], \
                     $6::integer[], $7::bigint[], $8::timestamptz[], $9::boolean[], \
                     $10::integer[], $11::text[], $12::uuid[], $13::text[], $14::text[], $15::text[]) \
                 WITH ORDINALITY \
                 AS r (id, project_id, owner, status, archived_at, machine_version, revision, due, \
                     at_once, events, key, runner, summary, state, description, place), clock), \
         earlier AS MATERIALIZED (\
             SELECT r.place, k.spec_id FROM request r \
             JOIN spec.idempotency_keys k ON k.owner = r.owner AND k.key = r.key \
                 AND spec.sought(k.spec_id)), \
         fresh AS MATERIALIZED (\
             SELECT r.*, 0 AS before, w.id AS holder FROM request r \
             LEFT JOIN spec.runners w ON w.id = r.runner \
                 AND w.expires_at > (SELECT now FROM clock) AND r.due_at <= (SELECT now FROM clock) \
             WHERE NOT EXISTS (SELECT FROM earlier e WHERE e.place = r.place) \
               AND NOT EXISTS (\
                   SELECT FROM spec.specs s WHERE s.id = r.id AND spec.sought(s.id))), \
         spec AS (\
             INSERT INTO spec.specs (id, project_id, owner, status, archived_at, machine_version, \
                 revision, last_sequence, epoch, runner, claims, due_at, ready, run_at) \
             SELECT id, project_id, owner, status, archived_at, machine_version, revision, events, \
                 CASE WHEN holder IS NULL THEN 0 ELSE 1 END, holder, \
                 CASE WHEN holder IS NULL THEN 0 ELSE 1 END, \
                 due_at, holder IS NULL AND due_at IS NOT NULL, due_at \
             FROM fresh), \
         key AS (\
             INSERT INTO spec.idempotency_keys (owner, key, spec_id) \
             SELECT owner, key, id FROM fresh WHERE key IS NOT NULL ORDER BY owner, key), \
         state AS (\
             INSERT INTO spec.states (spec_id, summary, state) \
             SELECT id, summary::json, state::json FROM fresh), \
         description AS (\
             INSERT INTO spec.descriptions (spec_id, description) \
             SELECT id, description FROM fresh), ",
        events!("$16", "$17", "$18", "$19", "$20", "fresh"),
        "nothing AS (SELECT) \
         SELECT r.place, e.spec_id AS earlier, f.place IS NOT NULL AS stored, \
             f.holder IS NOT NULL AS held, \
             coalesce(f.holder IS NULL AND f.due_at <= (SELECT now FROM clock), false) AS due \
         FROM request r LEFT JOIN earlier e ON e.place = r.place LEFT JOIN fresh f ON f.place = r.place"
    ));
    COMMIT = clock!(concat!(
        "request AS MATERIALIZED (\
             SELECT r.*, ",
        due_at!(),
        " \
             FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::boolean[], \
                     $6::text[], $7::timestamptz[], $8::integer[], $9::bigint[], \
                     $10::timestamptz[], $11::boolean[], $12::integer[], $13::text[], $14::text[], \
                     $15::text[]) \
                 WITH ORDINALITY \
                 AS r (id, expected, runner, epoch, release, status, archived_at, machine_version, \
                     revision, due, at_once, events, summary, state, checkpoint, place), clock), ",
        locked!("s.revision = r.expected \
                 AND (r.epoch IS NULL OR s.epoch = r.epoch AND s.runner = r.runner)"),
        "changed AS (\
             UPDATE spec.specs s SET status = r.status, archived_at = r.archived_at, \
                 machine_version = r.machine_version, revision = r.revision, \
                 last_sequence = s.last_sequence + r.events, due_at = r.due_at, \
                 claims = CASE WHEN r.epoch IS NULL THEN s.claims ELSE 0 END, \
                 runner = CASE WHEN r.release THEN NULL ELSE s.runner END, \
                 ready = CASE WHEN r.release OR s.runner IS NULL \
                     THEN r.due_at IS NOT NULL ELSE s.ready END, \
                 run_at = CASE WHEN r.release OR s.runner IS NULL THEN r.due_at ELSE s.run_at END \
             FROM locked l JOIN request r ON r.place = l.place \
             WHERE s.id = l.id AND spec.sought(s.id) AND l.current \
             RETURNING l.place, s.id, s.last_sequence - r.events AS before, s.last_sequence, \
                 s.ready, s.run_at), \
         state AS (\
             UPDATE spec.states t SET summary = r.summary::json, state = r.state::json \
             FROM changed c JOIN request r ON r.place = c.place \
             WHERE t.spec_id = c.id AND spec.sought(t.spec_id)), ",
        checkpoints!(),
        events!("$16", "$17", "$18", "$19", "$20", "changed"),
        "artifact AS (\
             INSERT INTO spec.artifacts (spec_id, phase, version, artifact) \
             SELECT c.id, a.phase, a.version, a.artifact::json \
             FROM unnest($21::bigint[], $22::text[], $23::bigint[], $24::text[]) \
                 AS a (place, phase, version, artifact) JOIN changed c ON c.place = a.place) \
         SELECT l.place, l.revision, l.epoch, l.runner, c.last_sequence, \
             coalesce(c.ready AND c.run_at <= (SELECT now FROM clock), false) AS due \
         FROM locked l LEFT JOIN changed c ON c.place = l.place"
    ));
    APPEND = concat!(
        "WITH request AS MATERIALIZED (\
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::integer[], $5::text[]) \
                 WITH ORDINALITY AS r (id, runner, epoch, events, checkpoint, place)), ",
        locked!("s.epoch = r.epoch AND s.runner = r.runner"),
        "changed AS (\
             UPDATE spec.specs s SET last_sequence = s.last_sequence + r.events, claims = 0 \
             FROM locked l JOIN request r ON r.place = l.place \
             WHERE s.id = l.id AND spec.sought(s.id) AND l.current \
             RETURNING l.place, s.id, s.last_sequence - r.events AS before, s.last_sequence), ",
        checkpoints!(),
        events!("$6", "$7", "$8", "$9", "$10", "changed"),
        "nothing AS (SELECT) \
         SELECT l.place, l.revision, c.last_sequence \
         FROM locked l LEFT JOIN changed c ON c.place = l.place"
    );

    CLAIM = claim!("");
    /// `$4` the only ones to be taken.
    CLAIM_THESE = claim!("AND s.id = ANY ($4) ");
    LOCK_TURNS = "SELECT pg_advisory_xact_lock(6007912388212943818)";
    HELD_OF_PROJECTS = "SELECT s.project_id, count(*) AS held FROM spec.specs s \
                        WHERE spec.sought(s.id) AND s.runner = ANY (ARRAY(\
                            SELECT id FROM spec.runners WHERE expires_at > (SELECT spec.now()))) \
                        GROUP BY s.project_id";
    /// What is due of every project, `$1` machine version, `$2` limit of each, `$3` the only one.
    DUE_OF_PROJECTS = clock!(concat!(
        holders!(),
        "project (id) AS (\
             (SELECT project_id FROM spec.specs WHERE ready AND spec.sought(id) \
              ORDER BY project_id LIMIT 1) \
             UNION ALL \
             SELECT (SELECT s.project_id FROM spec.specs s WHERE s.ready AND s.project_id > p.id AND spec.sought(s.id) \
                     ORDER BY s.project_id LIMIT 1) \
             FROM project p WHERE p.id IS NOT NULL) \
         SELECT p.id AS project_id, s.id, s.run_at AS due FROM project p CROSS JOIN LATERAL (\
             SELECT * FROM spec.specs s \
             WHERE s.ready AND s.project_id = p.id AND s.run_at <= (SELECT now FROM clock) \
               AND spec.sought(s.id) \
               AND s.machine_version <= $1 AND ($3::uuid IS NULL OR s.id = $3) \
             ORDER BY s.run_at, s.id LIMIT $2) s \
         UNION ALL \
         SELECT s.project_id, s.id, s.due_at FROM dead JOIN spec.specs s ON s.runner = dead.id AND spec.sought(s.id) \
         WHERE s.due_at <= (SELECT now FROM clock) AND s.machine_version <= $1 \
           AND ($3::uuid IS NULL OR s.id = $3) \
         ORDER BY due, id"
    ));
    /// Puts what cannot be read (`$1`) back, to be looked at again after `$3`.
    PUT_ASIDE = "UPDATE spec.specs SET runner = NULL, claims = claims - 1, ready = true, \
                     run_at = (SELECT spec.now()) + $3 * interval '1 microsecond' \
                 WHERE id = ANY ($1) AND runner = $2 AND spec.sought(id)";

    /// `$1` runner, `$2` lease in microseconds.
    HEARTBEAT = clock!(
        "beat AS (\
             INSERT INTO spec.runners AS r (id, expires_at) \
             SELECT $1, now + $2 * interval '1 microsecond' FROM clock \
             ON CONFLICT (id) DO UPDATE \
                 SET expires_at = excluded.expires_at, retired = false, suspected_at = NULL \
                 WHERE r.retired OR r.expires_at > (SELECT now FROM clock) \
             RETURNING r.expires_at, r.xmax = 0 AS new, \
                 coalesce(r.pinned = pg_postmaster_start_time(), false) AS pinned) \
         SELECT beat.expires_at, beat.new, beat.pinned, s.id, s.epoch, s.revision \
         FROM beat LEFT JOIN spec.specs s ON s.runner = $1 AND spec.sought(s.id)"
    );
    /// Runners that were last heard of before `$1` microseconds.
    FORGET_RUNNERS = "DELETE FROM spec.runners r \
                      WHERE r.expires_at <= (SELECT spec.now()) - $1 * interval '1 microsecond' \
                        AND NOT EXISTS (SELECT FROM spec.specs s WHERE s.runner = r.id)";
    /// `$2` spec, `$3` epoch.
    RELEASE = give_back!("AND id = $2 AND epoch = $3 ");
    RETIRE = give_back!("");
    FORGET_RUNNER = "UPDATE spec.runners SET retired = true, pinned = NULL, \
                         expires_at = least(expires_at, (SELECT spec.now())) WHERE id = $1";
    /// Those of `$1` whose locks this session has now. Shared: the one of a session before it, which the
    /// server has not given up yet, is no obstacle.
    LOCK_RUNNERS = concat!(
        "SELECT id FROM (\
             SELECT id, pg_try_advisory_lock_shared(", lock_class!(), ", uuid_hash(id)) AS locked \
             FROM unnest($1::uuid[]) AS id) AS tried WHERE locked"
    );
    UNLOCK_RUNNERS = concat!(
        "SELECT pg_advisory_unlock_shared(", lock_class!(), ", uuid_hash(id)) \
         FROM unnest($1::uuid[]) AS id"
    );
    /// Those of `$1` that live.
    PIN_RUNNERS = clock!(
        "nothing AS (SELECT) \
         UPDATE spec.runners SET pinned = pg_postmaster_start_time(), suspected_at = NULL \
         WHERE id = ANY ($1) AND NOT retired AND expires_at > (SELECT now FROM clock) RETURNING id"
    );
    UNPIN_RUNNERS = "UPDATE spec.runners SET pinned = NULL, suspected_at = NULL \
                     WHERE id = ANY ($1) AND pinned IS NOT NULL";
    /// `$1` who looks, `$2` how long a lock may be missing, in microseconds.
    ///
    /// The locks are read after the runners: one that was pinned then had its lock before. Whatever a
    /// runner did between is seen by the change, which takes the row as it is now.
    LOOK_FOR_THE_DEAD = clock!(concat!(
        "lock AS MATERIALIZED (\
             SELECT l.objid AS name FROM pg_catalog.pg_locks l \
             WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 \
               AND l.classid = ", lock_class!(), " \
               AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d \
                                 WHERE d.datname = current_database())), \
         pinned AS MATERIALIZED (\
             SELECT r.id, r.suspected_at IS NOT NULL AS suspected, \
                 uuid_hash(r.id)::oid NOT IN (SELECT name FROM lock) AS missing \
             FROM spec.runners r \
             WHERE r.pinned = pg_postmaster_start_time() \
               AND r.expires_at > (SELECT now FROM clock) AND r.id <> $1), \
         noted AS MATERIALIZED (\
             SELECT r.id, p.missing FROM pinned p JOIN spec.runners r ON r.id = p.id \
             WHERE p.missing OR p.suspected \
             ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED), \
         changed AS (\
             UPDATE spec.runners r \
             SET suspected_at = CASE WHEN n.missing THEN coalesce(r.suspected_at, c.now) END, \
                 expires_at = CASE WHEN n.missing AND r.suspected_at <= c.grace_from \
                     THEN c.now ELSE r.expires_at END, \
                 pinned = CASE WHEN n.missing AND r.suspected_at <= c.grace_from \
                     THEN NULL ELSE r.pinned END \
             FROM noted n, (SELECT now, now - $2 * interval '1 microsecond' AS grace_from \
                            FROM clock) AS c \
             WHERE r.id = n.id AND r.pinned = pg_postmaster_start_time() AND r.expires_at > c.now \
             RETURNING r.pinned IS NULL AS ended) \
         SELECT (SELECT count(*) FROM pinned WHERE missing) AS missing, \
             (SELECT count(*) FROM changed WHERE ended) AS ended"
    ));
    LEAD = clock!(
        "nothing AS (SELECT) \
         INSERT INTO spec.duties AS d (name, runner, expires_at) \
         SELECT $1, $2, now + $3 * interval '1 microsecond' FROM clock \
         ON CONFLICT (name) DO UPDATE SET runner = excluded.runner, expires_at = excluded.expires_at \
             WHERE d.runner = excluded.runner OR d.expires_at <= (SELECT now FROM clock) \
         RETURNING true AS leads"
    );

    DELETE_SPECS = "DELETE FROM spec.specs WHERE spec.sought(id) AND id IN (\
                        SELECT id FROM spec.specs WHERE archived_at < $1 AND spec.sought(id) \
                        ORDER BY archived_at LIMIT $2 FOR UPDATE SKIP LOCKED) \
                    RETURNING id";
    /// A statement of its own, after the rows are locked and gone: it sees all that was ever written.
    DELETE_REST = "WITH state AS (DELETE FROM spec.states WHERE spec_id = ANY ($1) AND spec.sought(spec_id)), \
                       description AS (DELETE FROM spec.descriptions WHERE spec_id = ANY ($1) AND spec.sought(spec_id)), \
                       checkpoint AS (DELETE FROM spec.checkpoints WHERE spec_id = ANY ($1) AND spec.sought(spec_id)), \
                       event AS (DELETE FROM spec.events WHERE spec_id = ANY ($1) AND spec.sought(spec_id)), \
                       artifact AS (DELETE FROM spec.artifacts WHERE spec_id = ANY ($1) AND spec.sought(spec_id)) \
                   DELETE FROM spec.idempotency_keys WHERE spec_id = ANY ($1) AND spec.sought(spec_id)";

    NOTIFY = "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload";
}

#[cfg(test)]
mod plans;

#[cfg(test)]
mod tests {
    use sqlx::{Executor, SqlSafeStr};

    use super::super::migrations::migrate;
    use super::*;

    #[tokio::test]
    async fn every_statement_fits_the_tables() {
        let database = spec_test_postgres::database().await;
        let pool = database.pool();
        migrate(&pool).await.unwrap();
        for (name, sql) in ALL {
            let prepared = (&pool).prepare(sql.into_sql_str()).await;
            assert!(prepared.is_ok(), "{name}: {}", prepared.unwrap_err());
        }
    }

    /// A `NOTIFY` makes commits wait for each other, so that no change is to come with one.
    #[tokio::test]
    async fn only_the_announcer_notifies() {
        let notifying: Vec<_> = ALL
            .iter()
            .filter(|(_, sql)| sql.to_lowercase().contains("notify"))
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(notifying, ["NOTIFY"]);
        let database = spec_test_postgres::database().await;
        migrate(&database.pool()).await.unwrap();
        let triggers = "SELECT count(*) FROM pg_catalog.pg_trigger";
        let triggers: i64 = sqlx::query_scalar(triggers)
            .fetch_one(&database.pool())
            .await
            .unwrap();
        assert_eq!(triggers, 0);
    }
}

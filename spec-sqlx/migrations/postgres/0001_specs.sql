-- The store's clock. Tests replace it, so that leases run out without waiting.
CREATE FUNCTION spec.now() RETURNS timestamptz
    LANGUAGE sql VOLATILE AS 'SELECT pg_catalog.clock_timestamp()';

-- Always true. The planner is told that it is costly to ask: an index, where it is asked of what was
-- found, is then cheaper than a whole table, where it would be asked of every row. Otherwise plans that
-- prepared statements made for a table of few rows would go on reading all of it when there are many.
-- Not safe in parallel: the same cost would otherwise pay for workers, which take longer to start than
-- any of these statements to run.
CREATE FUNCTION spec.sought(uuid) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE COST 1000 AS 'BEGIN RETURN true; END';

-- What is read and written often: small rows with room for their next versions. Commits and appends
-- under a lease touch no indexed column, so that they rewrite neither the indexes nor another page.
CREATE TABLE spec.specs (
    id              uuid        NOT NULL PRIMARY KEY,
    project_id      text        NOT NULL,
    owner           text        NOT NULL,
    status          text        NOT NULL,
    archived_at     timestamptz,
    machine_version integer     NOT NULL,
    revision        integer     NOT NULL,
    last_sequence   integer     NOT NULL,
    epoch           integer     NOT NULL,
    -- Who holds it, or was the last to, if that runner's lease has expired.
    runner          uuid,
    -- Claims since the last sign of progress.
    claims          integer     NOT NULL,
    -- From when on the state asks for something. Changes with every commit, so no index has it.
    due_at          timestamptz,
    -- From when on it may be claimed. Changes only while nobody holds it.
    ready           boolean     NOT NULL,
    run_at          timestamptz
) WITH (fillfactor = 70);

CREATE INDEX specs_ready ON spec.specs (run_at, id) WHERE ready;
CREATE INDEX specs_ready_of_project ON spec.specs (project_id, run_at, id) WHERE ready;
CREATE INDEX specs_held ON spec.specs (runner) WHERE runner IS NOT NULL;
CREATE INDEX specs_of_project ON spec.specs (project_id, id);
CREATE INDEX specs_of_owner ON spec.specs (owner, id);
CREATE INDEX specs_of_status ON spec.specs (status, id);
CREATE INDEX specs_archived ON spec.specs (archived_at) WHERE archived_at IS NOT NULL;

-- The tables below have no foreign keys: each would lock the row of its spec once more. The
-- statements that write them hold that row's lock already and write nothing where it is missing.
--
-- JSON is kept as it was written: `jsonb` would change it, takes longer, and refuses `\u0000`.

-- A state without its description, which may be longer than all the rest and never changes.
CREATE TABLE spec.states (
    spec_id uuid NOT NULL PRIMARY KEY,
    summary json NOT NULL,
    state   json NOT NULL
) WITH (fillfactor = 60);

CREATE TABLE spec.descriptions (
    spec_id     uuid NOT NULL PRIMARY KEY,
    description text NOT NULL
);

CREATE TABLE spec.checkpoints (
    spec_id    uuid NOT NULL PRIMARY KEY,
    checkpoint json NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE spec.events (
    spec_id  uuid        NOT NULL,
    sequence integer     NOT NULL,
    revision integer     NOT NULL,
    at       timestamptz NOT NULL,
    body     json        NOT NULL,
    PRIMARY KEY (spec_id, sequence)
);

CREATE TABLE spec.artifacts (
    spec_id  uuid    NOT NULL,
    phase    text    NOT NULL,
    version  integer NOT NULL,
    artifact json    NOT NULL,
    PRIMARY KEY (spec_id, phase, version)
);

CREATE TABLE spec.idempotency_keys (
    owner   text NOT NULL,
    key     text NOT NULL,
    spec_id uuid NOT NULL,
    PRIMARY KEY (owner, key)
);

CREATE INDEX idempotency_keys_of_spec ON spec.idempotency_keys (spec_id);

CREATE TABLE spec.runners (
    id           uuid        NOT NULL PRIMARY KEY,
    expires_at   timestamptz NOT NULL,
    -- Has given everything back. The row stays for a while: what a late claim hands to it is then
    -- found like what any dead runner held.
    retired      boolean     NOT NULL DEFAULT false,
    -- The server's start during which the runner's process holds the runner's lock, if it does.
    pinned       timestamptz,
    -- Since when that lock is missing.
    suspected_at timestamptz
) WITH (fillfactor = 50);

CREATE TABLE spec.duties (
    name       text        NOT NULL PRIMARY KEY,
    runner     uuid        NOT NULL,
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Compressed a state fits its page well. Moved out of its row, it would make every commit write two
-- rows and an index more.
ALTER TABLE spec.states ALTER COLUMN state SET STORAGE MAIN;

-- Faster than the default, where the server was built with it.
DO $$
BEGIN
    ALTER TABLE spec.states ALTER COLUMN state SET COMPRESSION lz4;
    ALTER TABLE spec.artifacts ALTER COLUMN artifact SET COMPRESSION lz4;
    ALTER TABLE spec.events ALTER COLUMN body SET COMPRESSION lz4;
    ALTER TABLE spec.descriptions ALTER COLUMN description SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END
$$;

-- What is read and written often stands apart from the state, which is large: a claim or a line of
-- output then rewrites a small row only. Times are microseconds since 1970, identifiers 16 bytes.
CREATE TABLE spec_specs (
    id              BLOB    NOT NULL PRIMARY KEY,
    project_id      TEXT    NOT NULL,
    owner           TEXT    NOT NULL,
    status          TEXT    NOT NULL,
    archived        INTEGER NOT NULL,
    machine_version INTEGER NOT NULL,
    revision        INTEGER NOT NULL,
    last_sequence   INTEGER NOT NULL,
    checkpoint      TEXT,
    due_at          INTEGER,
    epoch           INTEGER NOT NULL,
    runner          BLOB,
    claims          INTEGER NOT NULL,
    summary         TEXT    NOT NULL
) WITHOUT ROWID;

CREATE INDEX spec_specs_due ON spec_specs (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX spec_specs_held ON spec_specs (runner) WHERE runner IS NOT NULL;
CREATE INDEX spec_specs_of_project ON spec_specs (project_id, id);
CREATE INDEX spec_specs_of_owner ON spec_specs (owner, id);

CREATE TABLE spec_states (
    spec_id BLOB NOT NULL PRIMARY KEY REFERENCES spec_specs (id),
    state   TEXT NOT NULL
);

CREATE TABLE spec_events (
    spec_id  BLOB    NOT NULL REFERENCES spec_specs (id),
    sequence INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    body     TEXT    NOT NULL,
    PRIMARY KEY (spec_id, sequence)
) WITHOUT ROWID;

CREATE TABLE spec_artifacts (
    spec_id  BLOB    NOT NULL REFERENCES spec_specs (id),
    phase    TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    artifact TEXT    NOT NULL,
    PRIMARY KEY (spec_id, phase, version)
);

CREATE TABLE spec_idempotency_keys (
    owner   TEXT NOT NULL,
    key     TEXT NOT NULL,
    spec_id BLOB NOT NULL REFERENCES spec_specs (id),
    PRIMARY KEY (owner, key)
) WITHOUT ROWID;

CREATE TABLE spec_runners (
    id         BLOB    NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE runner (
    id uuid PRIMARY KEY,
    lease_until timestamptz NOT NULL
);

CREATE TABLE spec (
    id uuid PRIMARY KEY,
    ready boolean NOT NULL DEFAULT true,
    run_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    owner uuid,
    epoch bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 0,
    done boolean NOT NULL DEFAULT false,
    state jsonb NOT NULL
) WITH (fillfactor = 70);

-- Neither what moves with a phase nor what shows it is indexed, so that updates stay within the page.
CREATE INDEX spec_ready ON spec (run_at) WHERE ready;
CREATE INDEX spec_owned ON spec (owner) WHERE owner IS NOT NULL;

CREATE TABLE event (
    spec_id uuid NOT NULL,
    sequence bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    body jsonb NOT NULL,
    PRIMARY KEY (spec_id, sequence)
);

-- What one runner at a time does for all, and since when a spec is archived, so that old ones can be
-- deleted.
ALTER TABLE spec_specs ADD COLUMN archived_at INTEGER;
UPDATE spec_specs SET archived_at = 0 WHERE archived;
ALTER TABLE spec_specs DROP COLUMN archived;
CREATE INDEX spec_specs_archived ON spec_specs (archived_at) WHERE archived_at IS NOT NULL;
CREATE INDEX spec_idempotency_keys_of_spec ON spec_idempotency_keys (spec_id);

CREATE TABLE spec_duties (
    name       TEXT    NOT NULL PRIMARY KEY,
    runner     BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;

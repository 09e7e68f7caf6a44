-- Identifiers grow with the number, as those of specs grow with time. Due specs and held ones are
-- spread over all of them; of the others, one in five is a draft.
CREATE TEMPORARY TABLE made AS
    SELECT n, mixed,
        (lpad(to_hex(1700000000000 + n::bigint), 12, '0') || '7' || substr(mixed, 1, 3)
            || '8' || substr(mixed, 4, 15))::uuid AS id,
        n % $every_held = 1 AS held,
        CASE WHEN n % $every_due = 0 OR n % $every_held = 1 THEN $due
             WHEN n % 5 = 2 THEN $draft ELSE $completed END AS template
    FROM generate_series(1, $specs) AS n, md5(n::text) AS mixed;
ANALYZE made;

INSERT INTO spec.runners (id, expires_at)
    SELECT md5('runner ' || n)::uuid, now() + interval '1 day' FROM generate_series(0, 9) AS n;

INSERT INTO spec.specs (id, project_id, owner, status, archived_at, machine_version, revision,
        last_sequence, epoch, runner, claims, due_at, ready, run_at)
    SELECT m.id,
        'project ' || ('x' || substr(mixed, 1, 7))::bit(28)::integer % $projects,
        'owner ' || ('x' || substr(mixed, 8, 7))::bit(28)::integer % $owners,
        t.status, NULL, t.machine_version, t.revision, least(t.last_sequence, $events), t.epoch,
        CASE WHEN held THEN md5('runner ' || n % 10)::uuid END, 0, t.due_at,
        t.ready AND NOT held,
        CASE WHEN NOT held THEN t.run_at - n % 1000 * interval '1 ms' END
    FROM made m JOIN spec.specs t ON t.id = m.template ORDER BY n;

INSERT INTO spec.states (spec_id, summary, state)
    SELECT m.id, replace(t.summary::text, template::text, m.id::text)::json,
        replace(t.state::text, template::text, m.id::text)::json
    FROM made m JOIN spec.states t ON t.spec_id = m.template ORDER BY n;

INSERT INTO spec.descriptions (spec_id, description)
    SELECT m.id, t.description
    FROM made m JOIN spec.descriptions t ON t.spec_id = m.template ORDER BY n;

INSERT INTO spec.checkpoints (spec_id, checkpoint)
    SELECT m.id, replace(t.checkpoint::text, template::text, m.id::text)::json
    FROM made m JOIN spec.checkpoints t ON t.spec_id = m.template ORDER BY n;

INSERT INTO spec.events (spec_id, sequence, revision, at, body)
    SELECT m.id, t.sequence, t.revision, t.at,
        replace(t.body::text, template::text, m.id::text)::json
    FROM made m JOIN spec.events t ON t.spec_id = m.template AND t.sequence <= $events
    ORDER BY n, t.sequence;

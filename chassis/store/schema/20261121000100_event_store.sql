-- migrate:up

-- The log of facts. `position` rises in commit order without a gap: it is taken from store_head, whose
-- row stays locked until the commit, so no reader can pass a position that will still be committed.
CREATE TABLE event (
    position    bigint      PRIMARY KEY,
    stream_id   uuid        NOT NULL,
    version     integer     NOT NULL,
    subject     uuid        NOT NULL,
    type        text        NOT NULL,
    state       bytea       NOT NULL,
    recorded_at timestamptz NOT NULL,
    UNIQUE (stream_id, version)
);
CREATE INDEX event_subject ON event (subject, position);

CREATE TABLE store_head (
    singleton   boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
    position    bigint      NOT NULL,
    recorded_at timestamptz NOT NULL
) WITH (fillfactor = 10);
INSERT INTO store_head VALUES (true, 0, '-infinity');

-- One row per command that had an effect, written with it: a retry finds the first answer here.
CREATE TABLE idempotency (
    key          text        PRIMARY KEY,
    request_hash bytea       NOT NULL,
    status       smallint    NOT NULL,
    body         bytea       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now()
);

-- Personal words. Events and topics hold only the id of a row here.
CREATE TABLE vault (
    id         uuid        PRIMARY KEY,
    subject    uuid        NOT NULL,
    field      text        NOT NULL,
    value      text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX vault_subject ON vault (subject);

-- Who may publish, until when. `epoch` rises with each new holder, and every move of the cursor names it.
CREATE TABLE relay_lease (
    singleton   boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch      bigint      NOT NULL,
    holder     uuid        NOT NULL,
    expires_at timestamptz NOT NULL
);
INSERT INTO relay_lease VALUES (true, 0, '00000000-0000-0000-0000-000000000000', '-infinity');

CREATE TABLE relay_cursor (
    singleton   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    position bigint  NOT NULL
);
INSERT INTO relay_cursor VALUES (true, 0);

-- The position published last on each partition: the next record names it, so a reader can prove a gap.
CREATE TABLE relay_partition (
    partition integer PRIMARY KEY,
    position  bigint  NOT NULL
);

-- Sequential scans are off because a plan cached while the tables were empty would keep them for good; compiling
-- such a plan just in time costs a second, because forbidding a scan makes it look expensive.
CREATE FUNCTION append_events(
    c_keys text[], c_hashes bytea[], c_statuses smallint[], c_bodies bytea[],
    e_commands integer[], e_streams uuid[], e_versions integer[], e_subjects uuid[], e_types text[], e_states bytea[],
    v_commands integer[], v_ids uuid[], v_subjects uuid[], v_fields text[], v_values text[]
) RETURNS TABLE (command integer, outcome text, last_position bigint)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    head bigint;
    instant timestamptz;
BEGIN
    SELECT h.position, greatest(h.recorded_at, clock_timestamp()) INTO head, instant FROM store_head h FOR UPDATE;
    instant := greatest(instant, clock_timestamp());
    -- Almost always nothing stands in the way: then the unique keys alone are the guard, and no key is looked up twice.
    -- Where one is violated, all of this is undone, and below each command gets a verdict of its own.
    BEGIN
        INSERT INTO idempotency (key, request_hash, status, body)
        SELECT * FROM unnest(c_keys, c_hashes, c_statuses, c_bodies);
        INSERT INTO event (position, stream_id, version, subject, type, state, recorded_at)
        SELECT head + e.n, e.stream_id, e.version, e.subject, e.type, e.state, instant
        FROM unnest(e_streams, e_versions, e_subjects, e_types, e_states)
            WITH ORDINALITY AS e(stream_id, version, subject, type, state, n);
        IF v_ids <> '{}' THEN
            INSERT INTO vault (id, subject, field, value) SELECT * FROM unnest(v_ids, v_subjects, v_fields, v_values);
        END IF;
        UPDATE store_head SET position = head + cardinality(e_commands), recorded_at = instant;
        RETURN QUERY
        SELECT c.n::integer, 'done', coalesce(l.position, head)
        FROM generate_series(1, cardinality(c_keys)) AS c(n) LEFT JOIN (
            SELECT e.command, head + max(e.n) AS position
            FROM unnest(e_commands) WITH ORDINALITY AS e(command, n) GROUP BY e.command
        ) l ON l.command = c.n;
        RETURN;
    EXCEPTION WHEN unique_violation THEN
        NULL;
    END;
    RETURN QUERY
    WITH asked AS (
        SELECT a.command::integer, a.key, a.hash, a.status, a.body
        FROM unnest(c_keys, c_hashes, c_statuses, c_bodies) WITH ORDINALITY AS a(key, hash, status, body, command)
    ), given AS MATERIALIZED (
        SELECT e.* FROM unnest(e_commands, e_streams, e_versions, e_subjects, e_types, e_states)
            WITH ORDINALITY AS e(command, stream_id, version, subject, type, state, n)
    ), known AS MATERIALIZED (
        SELECT a.command FROM asked a JOIN idempotency i ON i.key = a.key
    ), taken AS MATERIALIZED (
        SELECT DISTINCT g.command FROM given g JOIN event x ON x.stream_id = g.stream_id AND x.version = g.version
    ), verdict AS MATERIALIZED (
        SELECT a.command, a.key, a.hash, a.status, a.body, CASE
            WHEN a.command IN (SELECT k.command FROM known k) THEN 'duplicate'
            WHEN a.command IN (SELECT t.command FROM taken t) THEN 'conflict'
            ELSE 'done' END AS outcome
        FROM asked a
    ), accepted AS MATERIALIZED (
        SELECT g.*, head + row_number() OVER (ORDER BY g.n) AS position
        FROM given g WHERE g.command IN (SELECT v.command FROM verdict v WHERE v.outcome = 'done')
    ), stored AS (
        INSERT INTO event (position, stream_id, version, subject, type, state, recorded_at)
        SELECT position, stream_id, version, subject, type, state, instant FROM accepted
    ), answered AS (
        INSERT INTO idempotency (key, request_hash, status, body)
        SELECT v.key, v.hash, v.status, v.body FROM verdict v WHERE v.outcome = 'done'
    ), kept AS (
        INSERT INTO vault (id, subject, field, value)
        SELECT s.id, s.subject, s.field, s.value
        FROM unnest(v_commands, v_ids, v_subjects, v_fields, v_values) AS s(command, id, subject, field, value)
        WHERE s.command IN (SELECT v.command FROM verdict v WHERE v.outcome = 'done')
    ), moved AS (
        UPDATE store_head SET position = head + (SELECT count(*) FROM accepted), recorded_at = instant
    )
    SELECT v.command, v.outcome, coalesce((SELECT max(a.position) FROM accepted a WHERE a.command = v.command), head)
    FROM verdict v;
END $$;

-- "Nothing recorded before this instant is missing up to this position": true only under the lock.
CREATE FUNCTION store_watermark() RETURNS TABLE (head bigint, complete_until timestamptz)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM store_head FOR UPDATE;
    RETURN QUERY UPDATE store_head SET recorded_at = greatest(recorded_at, clock_timestamp())
        RETURNING position, recorded_at;
END $$;

GRANT SELECT, INSERT ON event, idempotency, vault TO care_app;
GRANT SELECT, INSERT, UPDATE ON store_head, relay_lease, relay_cursor, relay_partition TO care_app;
GRANT EXECUTE ON FUNCTION append_events, store_watermark TO care_app;

-- migrate:down
DROP FUNCTION append_events, store_watermark;
DROP TABLE event, store_head, idempotency, vault, relay_lease, relay_cursor, relay_partition;

-- migrate:up

-- An append updates no row. A row that each append updates has one dead version for each of them while any transaction
-- holds an old snapshot, and each append walks all of them. The last position is that of the last event.
LOCK TABLE store_head IN ACCESS EXCLUSIVE MODE;
-- The instant of the last watermark, in microseconds since 1970. A sequence is overwritten in place, without versions.
-- It is not reset by a rollback: then the next instant is later than it need be.
CREATE SEQUENCE store_watermark_instant MINVALUE 0 START 0;
SELECT setval('store_watermark_instant', (extract(epoch FROM recorded_at) * 1000000)::bigint)
FROM store_head WHERE recorded_at > 'epoch';
DROP TABLE store_head;
CREATE VIEW store_head AS SELECT coalesce(max(position), 0) AS position FROM event;

-- Held until the transaction ends. What is read under the lock must be read by a later statement, because a statement
-- sees only what was committed when it began.
CREATE FUNCTION lock_store() RETURNS void
LANGUAGE sql AS $$ SELECT pg_advisory_xact_lock(hashtext('care.store')) $$;

-- The last position, and the instant at which the next event is recorded: not before any event or watermark. Under the
-- lock only.
CREATE FUNCTION store_end(OUT head bigint, OUT instant timestamptz)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT e.position, e.recorded_at INTO head, instant FROM event e ORDER BY e.position DESC LIMIT 1;
    head := coalesce(head, 0);
    instant := greatest(instant, clock_timestamp(), (
        SELECT timestamptz 'epoch' + s.last_value * interval '1 microsecond' FROM store_watermark_instant s
    ));
END $$;

-- One row per command that had an effect, written with it: a retry finds the first answer here. There is one partition
-- for each day on which keys expire; it is dropped after that day. Keys that never expire have the day 'infinity'. The
-- default partition takes rows of a day that has no partition yet, so that no append fails.
ALTER TABLE idempotency RENAME TO idempotency_before;
ALTER INDEX idempotency_pkey RENAME TO idempotency_before_pkey;
CREATE TABLE idempotency (
    key          text        NOT NULL,
    request_hash bytea       NOT NULL,
    status       smallint    NOT NULL,
    body         bytea       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_on   date        NOT NULL DEFAULT 'infinity'
) PARTITION BY RANGE (expires_on);
CREATE TABLE idempotency_kept PARTITION OF idempotency FOR VALUES FROM ('infinity') TO (MAXVALUE);
CREATE TABLE idempotency_other PARTITION OF idempotency DEFAULT;

-- The statements that create the missing partitions of today and the next days, and remove those that have expired.
CREATE FUNCTION idempotency_changes(days_ahead integer) RETURNS TABLE (statement text)
LANGUAGE plpgsql AS $$
DECLARE
    today date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
BEGIN
    RETURN QUERY
    SELECT format('DROP TABLE public.%I', c.relname)
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'public.idempotency'::regclass AND c.relname ~ '^idempotency_[0-9]{8}$'
        AND to_date(right(c.relname, 8), 'YYYYMMDD') < today;
    RETURN QUERY
    SELECT 'TRUNCATE public.idempotency_other' WHERE (SELECT max(o.expires_on) FROM public.idempotency_other o) < today;
    -- A day whose rows are already in the default partition stays there.
    RETURN QUERY
    SELECT format('CREATE TABLE public.%I PARTITION OF public.idempotency FOR VALUES FROM (%L) TO (%L)',
        'idempotency_' || to_char(d.day, 'YYYYMMDD'), d.day, d.day + 1)
    FROM (SELECT today + n AS day FROM generate_series(0, least(days_ahead, 31)) AS n) AS d
    WHERE to_regclass('public.idempotency_' || to_char(d.day, 'YYYYMMDD')) IS NULL
        AND NOT EXISTS (SELECT FROM public.idempotency_other o WHERE o.expires_on = d.day);
END $$;

-- Carries these changes out and returns how many there were: none if another process is about to. The application may
-- not create or drop tables, so this runs with the rights of the owner. It waits for the store like an append, and for
-- readers only briefly. The table is locked before its partitions, in the order of readers, so there is no deadlock.
CREATE FUNCTION maintain_idempotency(days_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms'
AS $$
DECLARE
    statements text[];
    each text;
BEGIN
    IF NOT EXISTS (SELECT FROM public.idempotency_changes(days_ahead)) THEN
        RETURN 0;
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('care.idempotency')) THEN
        RETURN 0;
    END IF;
    PERFORM public.lock_store();
    LOCK TABLE ONLY public.idempotency IN ACCESS EXCLUSIVE MODE;
    statements := array(SELECT c.statement FROM public.idempotency_changes(days_ahead) c);
    FOREACH each IN ARRAY statements LOOP
        EXECUTE each;
    END LOOP;
    RETURN cardinality(statements);
END $$;

-- Rows of requests older than seven days expire now and are not copied. A key of a request is `caller|METHOD /path|key`,
-- or the digest of such a key.
SELECT maintain_idempotency(9);
INSERT INTO idempotency (key, request_hash, status, body, created_at, expires_on)
SELECT key, request_hash, status, body, created_at, expires_on FROM (
    SELECT b.*, CASE WHEN key ~ '^([^|]+\|(POST|PUT|PATCH|DELETE) /.*|[0-9a-f]{64})$'
        THEN (created_at AT TIME ZONE 'UTC')::date + 7 ELSE 'infinity' END AS expires_on FROM idempotency_before b
) AS moved WHERE expires_on >= (clock_timestamp() AT TIME ZONE 'UTC')::date;
ALTER TABLE idempotency ADD PRIMARY KEY (key, expires_on);
DROP TABLE idempotency_before;

-- `c_days` says in how many days a key expires; NULL is never. A build from before this migration does not pass it.
DROP FUNCTION append_events;
-- Sequential scans are off because a plan cached while the tables were empty would keep them for good; compiling
-- such a plan just in time costs a second, because forbidding a scan makes it look expensive.
CREATE FUNCTION append_events(
    c_keys text[], c_hashes bytea[], c_statuses smallint[], c_bodies bytea[],
    e_commands integer[], e_streams uuid[], e_versions integer[], e_subjects uuid[], e_types text[], e_states bytea[],
    v_commands integer[], v_ids uuid[], v_subjects uuid[], v_fields text[], v_values text[],
    c_days integer[] DEFAULT NULL
) RETURNS TABLE (command integer, outcome text, last_position bigint)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    head bigint;
    instant timestamptz;
    today date;
BEGIN
    PERFORM lock_store();
    SELECT e.head, e.instant INTO head, instant FROM store_end() e;
    today := (instant AT TIME ZONE 'UTC')::date;
    -- A unique index holds within one day only. Under the lock of the store nobody else adds a key, so a key that is
    -- not found here is new. Then the unique indexes alone detect conflicts of versions: almost always there are none.
    -- Where one is violated, all of this is undone, and below each command gets a verdict of its own.
    -- The keys are an array and not a join: for EXISTS, a join may be planned as a scan of the whole table.
    IF NOT EXISTS (SELECT FROM idempotency i WHERE i.key = ANY (c_keys)) THEN
        BEGIN
            INSERT INTO idempotency (key, request_hash, status, body, expires_on)
            SELECT c.key, c.hash, c.status, c.body, coalesce(today + c.days, 'infinity')
            FROM unnest(c_keys, c_hashes, c_statuses, c_bodies, c_days) AS c(key, hash, status, body, days);
            INSERT INTO event (position, stream_id, version, subject, type, state, recorded_at)
            SELECT head + e.n, e.stream_id, e.version, e.subject, e.type, e.state, instant
            FROM unnest(e_streams, e_versions, e_subjects, e_types, e_states)
                WITH ORDINALITY AS e(stream_id, version, subject, type, state, n);
            IF v_ids <> '{}' THEN
                INSERT INTO vault (id, subject, field, value) SELECT * FROM unnest(v_ids, v_subjects, v_fields, v_values);
            END IF;
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
    END IF;
    RETURN QUERY
    WITH asked AS (
        SELECT a.command::integer, a.key, a.hash, a.status, a.body, coalesce(today + a.days, 'infinity') AS expires_on
        FROM unnest(c_keys, c_hashes, c_statuses, c_bodies, c_days)
            WITH ORDINALITY AS a(key, hash, status, body, days, command)
    ), given AS MATERIALIZED (
        SELECT e.* FROM unnest(e_commands, e_streams, e_versions, e_subjects, e_types, e_states)
            WITH ORDINALITY AS e(command, stream_id, version, subject, type, state, n)
    ), known AS MATERIALIZED (
        SELECT a.command FROM asked a JOIN idempotency i ON i.key = a.key
    ), taken AS MATERIALIZED (
        SELECT DISTINCT g.command FROM given g JOIN event x ON x.stream_id = g.stream_id AND x.version = g.version
    ), verdict AS MATERIALIZED (
        SELECT a.command, a.key, a.hash, a.status, a.body, a.expires_on, CASE
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
        INSERT INTO idempotency (key, request_hash, status, body, expires_on)
        SELECT v.key, v.hash, v.status, v.body, v.expires_on FROM verdict v WHERE v.outcome = 'done'
    ), kept AS (
        INSERT INTO vault (id, subject, field, value)
        SELECT s.id, s.subject, s.field, s.value
        FROM unnest(v_commands, v_ids, v_subjects, v_fields, v_values) AS s(command, id, subject, field, value)
        WHERE s.command IN (SELECT v.command FROM verdict v WHERE v.outcome = 'done')
    )
    SELECT v.command, v.outcome, coalesce((SELECT max(a.position) FROM accepted a WHERE a.command = v.command), head)
    FROM verdict v;
END $$;

-- "Nothing recorded before this instant is missing up to this position": true only under the lock.
CREATE OR REPLACE FUNCTION store_watermark() RETURNS TABLE (head bigint, complete_until timestamptz)
LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off
AS $$
BEGIN
    PERFORM lock_store();
    SELECT e.head, e.instant INTO head, complete_until FROM store_end() e;
    PERFORM setval('store_watermark_instant', (extract(epoch FROM complete_until) * 1000000)::bigint);
    RETURN NEXT;
END $$;

REVOKE ALL ON FUNCTION idempotency_changes, maintain_idempotency FROM PUBLIC;
GRANT SELECT ON store_head TO care_app;
GRANT SELECT, UPDATE ON store_watermark_instant TO care_app;
GRANT SELECT, INSERT ON idempotency TO care_app;
GRANT EXECUTE ON FUNCTION lock_store, store_end, append_events, maintain_idempotency TO care_app;

-- migrate:down
DROP VIEW store_head;
CREATE TABLE store_head (
    singleton   boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
    position    bigint      NOT NULL,
    recorded_at timestamptz NOT NULL
) WITH (fillfactor = 10);
INSERT INTO store_head SELECT true, e.head, e.instant FROM store_end() e;
GRANT SELECT, INSERT, UPDATE ON store_head TO care_app;

DROP FUNCTION append_events, maintain_idempotency, idempotency_changes;
ALTER TABLE idempotency RENAME TO idempotency_partitioned;
ALTER INDEX idempotency_pkey RENAME TO idempotency_partitioned_pkey;
CREATE TABLE idempotency (
    key          text        PRIMARY KEY,
    request_hash bytea       NOT NULL,
    status       smallint    NOT NULL,
    body         bytea       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now()
);
INSERT INTO idempotency SELECT key, request_hash, status, body, created_at FROM idempotency_partitioned;
DROP TABLE idempotency_partitioned;
GRANT SELECT, INSERT ON idempotency TO care_app;

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
GRANT EXECUTE ON FUNCTION append_events TO care_app;

CREATE OR REPLACE FUNCTION store_watermark() RETURNS TABLE (head bigint, complete_until timestamptz)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM store_head FOR UPDATE;
    RETURN QUERY UPDATE store_head SET recorded_at = greatest(recorded_at, clock_timestamp())
        RETURNING position, recorded_at;
END $$;

DROP FUNCTION store_end, lock_store;
DROP SEQUENCE store_watermark_instant;

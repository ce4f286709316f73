-- migrate:up

-- The state of a long stream at a version: who loads the stream reads and applies only later events. It is a copy of what
-- the events say, and may be deleted at any time. `fold` identifies the code that made the state.
CREATE TABLE snapshot (
    stream_id uuid        PRIMARY KEY,
    subject   uuid        NOT NULL,
    version   integer     NOT NULL,
    fold      bytea       NOT NULL,
    state     bytea       NOT NULL,
    taken_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX snapshot_subject ON snapshot (subject);

-- An erasure deletes the snapshots of its subject under the exclusive lock of the same name. So a snapshot is either
-- deleted with the others, or written after the erasure; then a state from before it is not stored.
CREATE FUNCTION save_snapshot(s_stream uuid, s_subject uuid, s_version integer, s_fold bytea, s_state bytea) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('care.snapshot'));
    INSERT INTO snapshot AS s (stream_id, subject, version, fold, state)
    SELECT s_stream, s_subject, s_version, s_fold, s_state
    WHERE NOT EXISTS (SELECT FROM erasure e WHERE e.subject = s_stream AND e.version > s_version)
    ON CONFLICT (stream_id) DO UPDATE
    SET version = excluded.version, fold = excluded.fold, state = excluded.state, taken_at = excluded.taken_at
    WHERE s.version < excluded.version OR s.fold <> excluded.fold;
END $$;

CREATE FUNCTION delete_snapshots(s_subject uuid) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('care.snapshot'));
    DELETE FROM snapshot WHERE subject = s_subject;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON snapshot TO care_app;
GRANT EXECUTE ON FUNCTION save_snapshot, delete_snapshots TO care_app;

-- migrate:down
DROP FUNCTION delete_snapshots, save_snapshot;
DROP TABLE snapshot;

-- migrate:up

-- `served_at`: when rows of the file were last processed. `waits_for`: files that must be done before; NULL: unknown.
-- `progress`: how many rows have each outcome so far.
ALTER TABLE import_batch ADD COLUMN served_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN waits_for uuid[], ADD COLUMN progress jsonb;
CREATE INDEX import_batch_newest ON import_batch (created_at, id);
UPDATE import_batch SET progress = (
    SELECT jsonb_object_agg(o.outcome, o.rows)
    FROM (SELECT outcome, count(*) AS rows FROM import_row WHERE batch_id = import_batch.id GROUP BY outcome) AS o
) WHERE counts IS NULL;

-- Keyed ids of what a row changes, and of the customers that it only refers to.
ALTER TABLE import_row ADD COLUMN changes uuid[], ADD COLUMN refers_to uuid[];

-- migrate:down
DROP INDEX import_batch_newest;
ALTER TABLE import_row DROP COLUMN changes, DROP COLUMN refers_to;
ALTER TABLE import_batch DROP COLUMN served_at, DROP COLUMN waits_for, DROP COLUMN progress;

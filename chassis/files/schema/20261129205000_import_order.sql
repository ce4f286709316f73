-- migrate:up

-- The order of files and of their turns is that of a sequence: a clock that steps does not change it. `turn` counts the
-- leases of a file, so that a process that was frozen cannot end the lease of another one. `served_by` is the process
-- of the last turn.

CREATE SEQUENCE import_order;
ALTER TABLE import_batch ADD COLUMN arrived bigint, ADD COLUMN served bigint, ADD COLUMN turn integer NOT NULL DEFAULT 0,
    ADD COLUMN served_by uuid;
UPDATE import_batch b SET arrived = n.number, served = n.number
FROM (SELECT id, nextval('import_order') AS number FROM (SELECT id FROM import_batch ORDER BY created_at, id) AS o) AS n
WHERE b.id = n.id;
ALTER TABLE import_batch ALTER COLUMN arrived SET DEFAULT nextval('import_order'), ALTER COLUMN arrived SET NOT NULL,
    ALTER COLUMN served SET DEFAULT nextval('import_order'), ALTER COLUMN served SET NOT NULL,
    DROP COLUMN served_at;
CREATE INDEX import_batch_open ON import_batch (served) WHERE status IN ('pending', 'running');
GRANT USAGE ON SEQUENCE import_order TO care_app;

-- migrate:down
DROP INDEX import_batch_open;
ALTER TABLE import_batch ADD COLUMN served_at timestamptz NOT NULL DEFAULT clock_timestamp(), DROP COLUMN arrived,
    DROP COLUMN served, DROP COLUMN turn, DROP COLUMN served_by;
DROP SEQUENCE import_order;

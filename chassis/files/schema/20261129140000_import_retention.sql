-- migrate:up

-- `counts`: how many rows had each outcome, stored before the rows are deleted. `has_rows`: until all are deleted.
ALTER TABLE import_batch ADD COLUMN counts jsonb, ADD COLUMN has_rows boolean NOT NULL DEFAULT true;
CREATE INDEX import_batch_with_rows ON import_batch (ended_at) WHERE has_rows;
GRANT DELETE ON import_row TO care_app;

-- migrate:down
REVOKE DELETE ON import_row FROM care_app;
DROP INDEX import_batch_with_rows;
ALTER TABLE import_batch DROP COLUMN counts, DROP COLUMN has_rows;

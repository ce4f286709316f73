-- migrate:up

-- The header and the cells as they were sent. They may hold personal words: cells are kept of waiting and failed rows
-- only, and both for a limited time (ADR 0032).
ALTER TABLE import_batch ADD COLUMN header jsonb;
ALTER TABLE import_row ADD COLUMN original jsonb;
CREATE INDEX import_batch_with_cells ON import_batch (ended_at) WHERE header IS NOT NULL;
CREATE INDEX import_row_with_cells ON import_row (batch_id, number) WHERE original IS NOT NULL;

-- migrate:down
DROP INDEX import_batch_with_cells, import_row_with_cells;
ALTER TABLE import_row DROP COLUMN original;
ALTER TABLE import_batch DROP COLUMN header;

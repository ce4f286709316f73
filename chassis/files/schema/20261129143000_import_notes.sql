-- migrate:up

-- `sheet`: the sheet that was read. `notes`: what was left out of the file, or read in another spelling; no cells.
ALTER TABLE import_batch ADD COLUMN sheet text, ADD COLUMN notes jsonb NOT NULL DEFAULT '[]';

-- migrate:down
ALTER TABLE import_batch DROP COLUMN sheet, DROP COLUMN notes;

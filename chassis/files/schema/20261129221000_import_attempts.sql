-- migrate:up

-- How many attempts of a row timed out: after the last one it fails.
ALTER TABLE import_row ADD COLUMN attempts smallint NOT NULL DEFAULT 0;

-- migrate:down
ALTER TABLE import_row DROP COLUMN attempts;

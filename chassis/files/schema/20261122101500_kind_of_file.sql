-- migrate:up

-- Which of the service's kinds of files it is; batches of before are of its first kind.
ALTER TABLE import_batch ADD COLUMN kind text NOT NULL DEFAULT '';

-- migrate:down
ALTER TABLE import_batch DROP COLUMN kind;

-- migrate:up
ALTER TABLE customer_ref ADD COLUMN is_erased boolean NOT NULL DEFAULT false;

-- migrate:down
ALTER TABLE customer_ref DROP COLUMN is_erased;

-- migrate:up
ALTER TABLE customer ADD COLUMN helper_ids text[] NOT NULL DEFAULT '{}';
CREATE INDEX customer_helpers ON customer USING gin (helper_ids);

-- migrate:down
ALTER TABLE customer DROP COLUMN helper_ids;

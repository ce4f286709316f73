-- migrate:up
ALTER TABLE customer_ref ADD COLUMN helper_ids text[] NOT NULL DEFAULT '{}';
CREATE INDEX customer_ref_helpers ON customer_ref USING gin (helper_ids);

-- migrate:down
ALTER TABLE customer_ref DROP COLUMN helper_ids;

-- migrate:up
ALTER TABLE customer ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
CREATE INDEX customer_tags ON customer USING gin (tags);

-- migrate:down
ALTER TABLE customer DROP COLUMN tags;

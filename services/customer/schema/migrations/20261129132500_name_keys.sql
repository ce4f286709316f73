-- migrate:up

-- The keys of a company's name and of its former names, the present one first. A rebuild of the list fills them.
ALTER TABLE customer ADD COLUMN name_keys text[] NOT NULL DEFAULT '{}';
CREATE INDEX customer_name_key ON customer ((name_keys[1])) WHERE name_keys <> '{}';
DROP INDEX customer_name;

-- migrate:down
CREATE INDEX customer_name ON customer (name text_pattern_ops);
ALTER TABLE customer DROP COLUMN name_keys;

-- migrate:up

-- The keys of a company's name and of its former names, the present one first. A rebuild fills them.
ALTER TABLE customer_ref ADD COLUMN name_keys text[] NOT NULL DEFAULT '{}';
CREATE INDEX customer_ref_name_key ON customer_ref ((name_keys[1])) WHERE name_keys <> '{}';
DROP INDEX customer_ref_name;

-- migrate:down
CREATE INDEX customer_ref_name ON customer_ref (name);
ALTER TABLE customer_ref DROP COLUMN name_keys;

-- migrate:up

-- Under which id a duplicate goes on (ADR 0013).
ALTER TABLE customer ADD COLUMN merged_into uuid;
CREATE INDEX customer_merged_into ON customer (merged_into) WHERE merged_into IS NOT NULL;

-- migrate:down
DROP VIEW IF EXISTS bi.dim_customer_ids, bi.dim_customers;
ALTER TABLE customer DROP COLUMN merged_into;

-- migrate:up

-- Under which id a duplicate goes on (ADR 0013).
ALTER TABLE customer_ref ADD COLUMN merged_into uuid;
CREATE INDEX customer_ref_merged_into ON customer_ref (merged_into) WHERE merged_into IS NOT NULL;

-- migrate:down
ALTER TABLE customer_ref DROP COLUMN merged_into;

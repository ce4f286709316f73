-- migrate:up

-- While a customer is merged into another, whoever answers for that one sees its alerts.
ALTER TABLE customer_holders ADD COLUMN merged_into uuid;
CREATE INDEX customer_holders_merged ON customer_holders (merged_into) WHERE merged_into IS NOT NULL;

-- What was merged before is remembered with the silence.
INSERT INTO customer_holders (customer_id, helper_ids, merged_into)
SELECT customer_id, '{}', (state::jsonb #>> '{facts,merged_into}')::uuid FROM silence
WHERE state::jsonb #>> '{facts,merged_into}' IS NOT NULL
ON CONFLICT (customer_id) DO UPDATE SET merged_into = excluded.merged_into;

-- migrate:down
DROP INDEX customer_holders_merged;
ALTER TABLE customer_holders DROP COLUMN merged_into;

-- migrate:up

-- The facts of a customer in the order in which they were recorded.
CREATE INDEX fact_customer ON fact (customer_id, recorded_at, feed, position);
-- The customers that were merged into a customer.
CREATE INDEX fact_merged ON fact (((data ->> 'into_customer_id')::uuid)) WHERE type = 'care.customer.merged.v1';

-- migrate:down
DROP INDEX fact_merged, fact_customer;

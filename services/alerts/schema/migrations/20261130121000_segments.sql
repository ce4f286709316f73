-- migrate:up

-- The versions of each segment of the customer service, which conditions of rules name.
CREATE INDEX fact_segment ON fact ((data ->> 'name'), position) WHERE type IN (
    'care.customer.segment-published.v1', 'care.customer.segment-removed.v1'
);

-- migrate:down
DROP INDEX fact_segment;

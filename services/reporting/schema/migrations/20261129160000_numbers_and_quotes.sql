-- migrate:up

-- A rebuild fills the new columns and the new table for earlier events.
ALTER TABLE customer_order ADD COLUMN external_system text, ADD COLUMN external_id text;
ALTER TABLE contract ADD COLUMN external_system text, ADD COLUMN external_id text;

CREATE TABLE quote (
    quote_id        uuid   PRIMARY KEY,
    customer_id     uuid   NOT NULL,
    external_system text,
    external_id     text,
    category        text,
    requested_at    timestamptz,
    first_issued_at timestamptz,
    issued_at       timestamptz,
    issues          bigint NOT NULL,
    amount_minor    bigint,
    currency        text,
    comparisons     bigint NOT NULL,
    compared_at     timestamptz,
    competitor      text
);
CREATE INDEX quote_customer ON quote (customer_id, first_issued_at);
GRANT SELECT, INSERT, UPDATE ON quote TO care_app;

-- Facts that BI views show one by one.
CREATE INDEX fact_of_bi ON fact (type, customer_id, occurred_at) WHERE type IN (
    'care.customer.registered.v1', 'care.customer.referral-made.v1', 'care.customer.reference-added.v1',
    'care.customer.tag-added.v1', 'care.customer.tag-removed.v1', 'care.customer.tier-changed.v1'
);
-- The calendar of BI begins with the earliest fact.
CREATE INDEX fact_occurred ON fact (occurred_at);

-- migrate:down
DROP VIEW IF EXISTS bi.fct_quotes, bi.fct_orders, bi.fct_contracts;
DROP INDEX fact_of_bi, fact_occurred;
DROP TABLE quote;
ALTER TABLE contract DROP COLUMN external_system, DROP COLUMN external_id;
ALTER TABLE customer_order DROP COLUMN external_system, DROP COLUMN external_id;

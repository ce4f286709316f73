-- migrate:up

-- What the customer and followup services have learnt: helpers, the clock of a complaint, plans, orders, contracts.
-- What was told before is filled in by `python -m services.reporting rebuild`; here only beginnings are, so that a later
-- fact about any of them finds its row.
ALTER TABLE customer ADD COLUMN helper_ids text[] NOT NULL DEFAULT '{}';
CREATE INDEX customer_helpers ON customer USING gin (helper_ids);

ALTER TABLE task
    ADD COLUMN channel text,
    ADD COLUMN plan_id uuid,
    ADD COLUMN plan_step text,
    ADD COLUMN reassigned_times integer NOT NULL DEFAULT 0;

ALTER TABLE complaint
    ADD COLUMN category text,
    ADD COLUMN product text,
    ADD COLUMN awaits_answer boolean NOT NULL DEFAULT true,
    ADD COLUMN told_at timestamptz,
    ADD COLUMN consented_at timestamptz,
    ADD COLUMN answer_by timestamptz,
    ADD COLUMN resolve_by timestamptz,
    ADD COLUMN was_answered_in_time boolean,
    ADD COLUMN was_resolved_in_time boolean,
    ADD COLUMN paused_at timestamptz,
    ADD COLUMN paused_seconds bigint NOT NULL DEFAULT 0,
    ADD COLUMN pauses integer NOT NULL DEFAULT 0,
    ADD COLUMN first_closed_at timestamptz,
    ADD COLUMN reopened_at timestamptz,
    ADD COLUMN reopened_times integer NOT NULL DEFAULT 0,
    ADD COLUMN first_id uuid,
    ADD COLUMN repeat_number integer,
    ADD COLUMN escalation_level integer NOT NULL DEFAULT 0;
UPDATE complaint SET awaits_answer = answered_at IS NULL, first_closed_at = closed_at;

CREATE TABLE plan (
    plan_id       uuid        PRIMARY KEY,
    customer_id   uuid        NOT NULL,
    template      text        NOT NULL,
    number        integer     NOT NULL,
    tier          text,
    started_at    timestamptz NOT NULL,
    anchor_at     timestamptz NOT NULL,
    changed_times integer     NOT NULL,
    ended_at      timestamptz,
    end_reason    text
);
CREATE INDEX plan_customer ON plan (customer_id, started_at);

CREATE TABLE customer_order (
    order_id      uuid        PRIMARY KEY,
    customer_id   uuid        NOT NULL,
    category      text,
    amount_minor  bigint      NOT NULL,
    currency      text        NOT NULL,
    placed_at     timestamptz NOT NULL,
    delivered_at  timestamptz,
    cancelled_at  timestamptz,
    cancel_reason text
);
CREATE INDEX customer_order_customer ON customer_order (customer_id, placed_at);

CREATE TABLE contract (
    contract_id    uuid        PRIMARY KEY,
    customer_id    uuid        NOT NULL,
    kind           text        NOT NULL,
    signed_at      timestamptz NOT NULL,
    starts_on      date        NOT NULL,
    ends_on        date,
    amount_minor   bigint      NOT NULL,
    currency       text        NOT NULL,
    renewal_intent text        NOT NULL,
    renewals       integer     NOT NULL,
    renewed_at     timestamptz,
    ended_at       timestamptz,
    end_reason     text
);
CREATE INDEX contract_customer ON contract (customer_id, ends_on);

INSERT INTO plan (plan_id, customer_id, template, number, tier, started_at, anchor_at, changed_times)
SELECT stream_id, customer_id, data ->> 'template', (data ->> 'number')::integer, data ->> 'tier', occurred_at,
    (data ->> 'anchor_at')::timestamptz, 0
FROM timeline WHERE type = 'care.followup.plan-started.v1';
INSERT INTO customer_order (order_id, customer_id, category, amount_minor, currency, placed_at)
SELECT stream_id, customer_id, data ->> 'category', (data ->> 'amount_minor')::bigint, data ->> 'currency', occurred_at
FROM timeline WHERE type = 'care.customer.order-placed.v1';
INSERT INTO contract (contract_id, customer_id, kind, signed_at, starts_on, ends_on, amount_minor, currency,
    renewal_intent, renewals)
SELECT stream_id, customer_id, data ->> 'kind', occurred_at, (data ->> 'starts_on')::date, (data ->> 'ends_on')::date,
    (data ->> 'amount_minor')::bigint, data ->> 'currency', data ->> 'renewal_intent', 0
FROM timeline WHERE type = 'care.customer.contract-signed.v1';

GRANT SELECT, INSERT, UPDATE ON plan, customer_order, contract TO care_app;

-- migrate:down
DROP VIEW IF EXISTS bi.fct_contracts, bi.fct_orders, bi.fct_plans, bi.fct_complaints, bi.fct_followups, bi.dim_employees,
    bi.dim_customers;
DROP TABLE plan, customer_order, contract;
ALTER TABLE complaint
    DROP COLUMN category, DROP COLUMN product, DROP COLUMN awaits_answer, DROP COLUMN told_at, DROP COLUMN consented_at,
    DROP COLUMN answer_by, DROP COLUMN resolve_by, DROP COLUMN was_answered_in_time, DROP COLUMN was_resolved_in_time,
    DROP COLUMN paused_at, DROP COLUMN paused_seconds, DROP COLUMN pauses, DROP COLUMN first_closed_at,
    DROP COLUMN reopened_at, DROP COLUMN reopened_times, DROP COLUMN first_id, DROP COLUMN repeat_number,
    DROP COLUMN escalation_level;
ALTER TABLE task
    DROP COLUMN channel, DROP COLUMN plan_id, DROP COLUMN plan_step, DROP COLUMN reassigned_times;
ALTER TABLE customer DROP COLUMN helper_ids;

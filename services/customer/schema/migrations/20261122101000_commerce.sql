-- migrate:up

-- One row per order, quote and contract, kept in step with the log; rebuilt from it at any time.
CREATE TABLE customer_order (
    order_id        uuid        PRIMARY KEY,
    version         integer     NOT NULL,
    customer_id     uuid        NOT NULL,
    external_system text,
    external_id     text,
    amount_minor    bigint      NOT NULL,
    currency        text        NOT NULL,
    category        text,
    placed_at       timestamptz NOT NULL,
    state           text        NOT NULL,
    reason          text,
    delivered_at    timestamptz,
    cancelled_at    timestamptz
);
CREATE INDEX customer_order_customer ON customer_order (customer_id, placed_at, order_id);

CREATE TABLE quote (
    quote_id        uuid        PRIMARY KEY,
    version         integer     NOT NULL,
    customer_id     uuid        NOT NULL,
    external_system text,
    external_id     text,
    category        text,
    opened_at       timestamptz NOT NULL,
    amount_minor    bigint,
    currency        text,
    issued_at       timestamptz,
    comparisons     integer     NOT NULL,
    compared_at     timestamptz,
    competitor      text
);
CREATE INDEX quote_customer ON quote (customer_id, opened_at, quote_id);

CREATE TABLE contract (
    contract_id     uuid        PRIMARY KEY,
    version         integer     NOT NULL,
    customer_id     uuid        NOT NULL,
    external_system text,
    external_id     text,
    kind            text        NOT NULL,
    document_id     text,
    signed_at       timestamptz NOT NULL,
    starts_on       date        NOT NULL,
    ends_on         date,
    amount_minor    bigint      NOT NULL,
    currency        text        NOT NULL,
    renewal_intent  text        NOT NULL,
    renewals        integer     NOT NULL,
    reason          text,
    ended_at        timestamptz
);
CREATE INDEX contract_customer ON contract (customer_id, signed_at, contract_id);
CREATE INDEX contract_running ON contract (ends_on, contract_id) WHERE ended_at IS NULL;

GRANT SELECT, INSERT, UPDATE ON customer_order, quote, contract TO care_app;

-- migrate:down
DROP TABLE customer_order, quote, contract;

-- migrate:up

-- One row per customer: the facts that silence is computed from, the alerts open now, and a lower bound of
-- the next due time. The bound moves forward only when it comes due, so that an event changes no index.
CREATE TABLE silence (
    customer_id uuid        PRIMARY KEY,
    partition   smallint    NOT NULL,
    state       text        NOT NULL,
    next_due_at timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX silence_due ON silence (next_due_at);

-- The list of alerts, kept in step with the log.
CREATE TABLE alert (
    alert_id      uuid        PRIMARY KEY,
    version       integer     NOT NULL,
    customer_id   uuid        NOT NULL,
    rule_id       text        NOT NULL,
    status        text        NOT NULL,
    outcome       text        NOT NULL,
    owner_id      text,
    -- Those who may see it: who has to act, who answers for the customer, who leads that one.
    holders       text[]      NOT NULL,
    silent_since  timestamptz NOT NULL,
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz,
    payload       jsonb       NOT NULL
);
CREATE INDEX alert_customer ON alert (customer_id, alert_id);
CREATE INDEX alert_holders ON alert USING gin (holders);
CREATE INDEX alert_status ON alert (status, owner_id, alert_id);

GRANT SELECT, INSERT, UPDATE ON silence, alert TO care_app;

-- migrate:down
DROP TABLE silence, alert;

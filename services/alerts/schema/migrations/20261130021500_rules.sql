-- migrate:up

-- The latest version and the latest draft of each rule, and the event that states it.
CREATE TABLE rule (
    name        text        NOT NULL,
    kind        text        NOT NULL,
    position    bigint      NOT NULL,
    event_id    uuid        NOT NULL,
    recorded_at timestamptz NOT NULL,
    data        jsonb       NOT NULL,
    PRIMARY KEY (name, kind)
);
CREATE INDEX rule_position ON rule (position);

-- How far all customers were evaluated again after the rules in force changed.
CREATE TABLE rule_sweep (
    book             text        PRIMARY KEY,
    last_customer_id uuid        NOT NULL,
    customers        bigint      NOT NULL DEFAULT 0,
    ended            bigint      NOT NULL DEFAULT 0,
    due              bigint      NOT NULL DEFAULT 0,
    started_at       timestamptz NOT NULL,
    finished_at      timestamptz
);
CREATE INDEX rule_sweep_started ON rule_sweep (started_at);

GRANT SELECT, INSERT, UPDATE ON rule TO care_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON rule_sweep TO care_app;

-- migrate:down
DROP TABLE rule_sweep, rule;

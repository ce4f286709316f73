-- migrate:up

-- Of these rules nobody is reminded: one row for each customer and rule. Without an end, `muted_until` is null.
CREATE TABLE mute (
    customer_id uuid        NOT NULL,
    rule_id     text        NOT NULL,
    muted_until timestamptz,
    reason_ref  uuid        NOT NULL,
    muted_by    text        NOT NULL,
    muted_at    timestamptz NOT NULL,
    PRIMARY KEY (customer_id, rule_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON mute TO care_app;

-- migrate:down
DROP TABLE mute;

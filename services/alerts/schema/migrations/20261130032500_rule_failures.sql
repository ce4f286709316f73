-- migrate:up

-- The customers on which the condition of a rule fails. Their alerts of the rule stay as they are.
CREATE TABLE rule_failure (
    rule_id     text        NOT NULL,
    customer_id uuid        NOT NULL,
    reason      text        NOT NULL,
    failed_at   timestamptz NOT NULL,
    PRIMARY KEY (rule_id, customer_id)
);
CREATE INDEX rule_failure_customer ON rule_failure (customer_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON rule_failure TO care_app;

-- migrate:down
DROP TABLE rule_failure;

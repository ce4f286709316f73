-- migrate:up

-- Changes of owner whose open tasks and complaints are not all reassigned yet. Those that began in the store up to
-- `after` are done. Of several changes of one customer, the one with the lowest `number` is first.
CREATE TABLE reassignment (
    event_id       uuid        PRIMARY KEY,
    number         bigint      GENERATED ALWAYS AS IDENTITY,
    customer_id    uuid        NOT NULL,
    old_owner_id   text        NOT NULL,
    new_owner_id   text        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    correlation_id text        NOT NULL,
    traceparent    text,
    after          bigint      NOT NULL DEFAULT 0,
    continued_at   timestamptz NOT NULL DEFAULT 'epoch'
);
CREATE INDEX reassignment_customer ON reassignment (customer_id, number);

-- Plans that have ended, and whose event and open tasks the timer still has to settle.
CREATE TABLE plan_ending (
    plan_id       uuid   PRIMARY KEY,
    ending_number bigint GENERATED ALWAYS AS IDENTITY,
    cause         jsonb  NOT NULL
);
CREATE INDEX plan_ending_number ON plan_ending (ending_number);

GRANT SELECT, INSERT, UPDATE, DELETE ON reassignment TO care_app;
GRANT SELECT, INSERT, DELETE ON plan_ending TO care_app;

-- migrate:down
DROP TABLE reassignment, plan_ending;

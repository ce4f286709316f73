-- migrate:up

ALTER TABLE task
    ADD COLUMN channel         text,
    ADD COLUMN plan_id         uuid,
    ADD COLUMN plan_step       text,
    ADD COLUMN calendar        text,
    ADD COLUMN calendar_number integer;

-- What the policy remembers; the facts are in the log. `tasks` is what the plan's steps have become so far.
CREATE TABLE plan (
    plan_id       uuid        PRIMARY KEY,
    customer_id   uuid        NOT NULL,
    template      text        NOT NULL,
    number        integer     NOT NULL,
    anchor_id     uuid        NOT NULL,
    anchor_at     timestamptz NOT NULL,
    tier          text,
    planned_from  timestamptz NOT NULL,
    look_again_at timestamptz NOT NULL,
    tasks         jsonb       NOT NULL,
    ended_because text
);
CREATE INDEX plan_customer_id ON plan (customer_id, planned_from);
CREATE INDEX plan_due ON plan (look_again_at) WHERE ended_because IS NULL;
CREATE INDEX plan_running ON plan (template, plan_id) WHERE ended_because IS NULL;

CREATE TABLE plan_customer (LIKE customer_ref INCLUDING ALL);

CREATE TABLE plan_template (
    name   text    PRIMARY KEY,
    number integer NOT NULL,
    data   jsonb   NOT NULL
);

-- Whose turn it is in a team.
CREATE TABLE plan_turn (
    template text   NOT NULL,
    step     text   NOT NULL,
    turn     bigint NOT NULL,
    PRIMARY KEY (template, step)
);

GRANT SELECT, INSERT, UPDATE ON plan, plan_customer, plan_template, plan_turn TO care_app;

-- migrate:down
DROP TABLE plan, plan_customer, plan_template, plan_turn;
ALTER TABLE task
    DROP COLUMN channel, DROP COLUMN plan_id, DROP COLUMN plan_step, DROP COLUMN calendar, DROP COLUMN calendar_number;

-- migrate:up

-- Whether the leader was stated for the customer, or follows from its owner. Nothing before says so.
ALTER TABLE customer ADD COLUMN is_leader_stated boolean NOT NULL DEFAULT false;

-- The last change of leader of each employee, and up to which of their customers it is applied; no `due_at`: to all.
-- `leader_ids` are the leaders that the employee had. No read model.
CREATE TABLE leader_change (
    stream_id      uuid        PRIMARY KEY,
    position       bigint      NOT NULL,
    event_id       uuid        NOT NULL UNIQUE,
    employee_id    text        NOT NULL,
    leader_id      text,
    leader_ids     text[]      NOT NULL,
    recorded_at    timestamptz NOT NULL,
    correlation_id text        NOT NULL,
    traceparent    text,
    after          uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    due_at         timestamptz
);
CREATE INDEX leader_change_due ON leader_change (due_at, stream_id) WHERE due_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON leader_change TO care_app;

-- migrate:down
DROP TABLE leader_change;
ALTER TABLE customer DROP COLUMN is_leader_stated;

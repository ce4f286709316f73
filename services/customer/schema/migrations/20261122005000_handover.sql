-- migrate:up

-- The handover of each customer that has had one: the open one, or how the last one ended.
CREATE TABLE handover (
    customer_id   uuid        PRIMARY KEY,
    version       integer     NOT NULL,
    state         text        NOT NULL,
    batch_id      uuid,
    from_owner_id text,
    to_owner_id   text        NOT NULL,
    to_leader_id  text,
    reason        text        NOT NULL,
    checklist     jsonb       NOT NULL,
    note_ref      uuid,
    started_at    timestamptz NOT NULL,
    settled_at    timestamptz
);
CREATE INDEX handover_state ON handover (state, customer_id);
CREATE INDEX handover_to ON handover (to_owner_id, customer_id);
CREATE INDEX handover_from ON handover (from_owner_id, customer_id);

-- What is open for a customer at followup, and when somebody last spoke with it: taken from followup's topic.
CREATE TABLE open_item (
    item_id     uuid        PRIMARY KEY,
    customer_id uuid        NOT NULL,
    kind        text        NOT NULL,
    concerns_id uuid        NOT NULL,
    at          timestamptz NOT NULL,
    employee_id text        NOT NULL,
    is_open     boolean     NOT NULL
);
CREATE INDEX open_item_customer ON open_item (customer_id, at) WHERE is_open;

GRANT SELECT, INSERT, UPDATE ON handover, open_item TO care_app;

-- migrate:down
DROP TABLE handover, open_item;

-- migrate:up

-- What the watch remembers; the facts are in the log.
CREATE TABLE guard_watch (
    customer_id   uuid        PRIMARY KEY,
    touches       jsonb       NOT NULL,
    tripped       jsonb       NOT NULL,
    look_again_at timestamptz
);
CREATE INDEX guard_watch_due ON guard_watch (look_again_at);

-- Each time that a guard tripped, kept in step with the log; rebuilt from it at any time.
CREATE TABLE guard (
    id           uuid        PRIMARY KEY,
    customer_id  uuid        NOT NULL,
    guard        text        NOT NULL,
    number       integer     NOT NULL,
    stage        text        NOT NULL,
    mode         text,
    contact_ids  uuid[]      NOT NULL,
    employee_ids text[]      NOT NULL,
    at_least     integer     NOT NULL,
    within_days  integer     NOT NULL,
    since        timestamptz NOT NULL,
    owner_id     text,
    leader_id    text,
    tripped_at   timestamptz NOT NULL,
    cleared_at   timestamptz
);
CREATE INDEX guard_time ON guard (tripped_at, id);
CREATE INDEX guard_customer ON guard (customer_id, tripped_at, id);

GRANT SELECT, INSERT, UPDATE ON guard_watch, guard TO care_app;

-- migrate:down
DROP TABLE guard_watch, guard;

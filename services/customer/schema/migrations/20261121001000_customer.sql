-- migrate:up

-- One row per customer, kept in step with the log; rebuilt from it at any time.
CREATE TABLE customer (
    customer_id       uuid        PRIMARY KEY,
    version           integer     NOT NULL,
    kind              text        NOT NULL,
    name              text,
    name_ref          uuid,
    stage             text        NOT NULL,
    stage_since       timestamptz NOT NULL,
    tiers             jsonb       NOT NULL,
    owner_id          text,
    leader_id         text,
    need_type         text,
    industry          text,
    region            text,
    work_status       text,
    last_contacted_at timestamptz,
    external_system   text,
    external_id       text,
    registered_at     timestamptz NOT NULL
);
CREATE INDEX customer_owner ON customer (owner_id, customer_id);
CREATE INDEX customer_leader ON customer (leader_id, customer_id);
CREATE INDEX customer_stage ON customer (stage, customer_id);
CREATE INDEX customer_name ON customer (name text_pattern_ops);
CREATE UNIQUE INDEX customer_external ON customer (external_system, external_id);

-- Who works here. Names of persons, so never published.
CREATE TABLE employee (
    employee_id text PRIMARY KEY,
    name        text NOT NULL,
    leader_id   text
);

GRANT SELECT, INSERT, UPDATE ON customer, employee TO care_app;

-- migrate:down
DROP TABLE customer, employee;

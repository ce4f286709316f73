-- migrate:up

-- One row per contact, task and complaint, kept in step with the log; rebuilt from it at any time.
CREATE TABLE contact (
    contact_id  uuid        PRIMARY KEY,
    version     integer     NOT NULL,
    customer_id uuid        NOT NULL,
    channel     text        NOT NULL,
    direction   text        NOT NULL,
    employee_id text        NOT NULL,
    automated   boolean     NOT NULL,
    purpose     text,
    outcome     text,
    content_ref uuid,
    task_id     uuid,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX contact_time ON contact (occurred_at, contact_id);
CREATE INDEX contact_customer ON contact (customer_id, occurred_at, contact_id);
CREATE INDEX contact_employee ON contact (employee_id, occurred_at, contact_id);

CREATE TABLE task (
    task_id      uuid        PRIMARY KEY,
    version      integer     NOT NULL,
    customer_id  uuid        NOT NULL,
    assignee_id  text        NOT NULL,
    state        text        NOT NULL,
    due_at       timestamptz NOT NULL,
    purpose      text,
    content_ref  uuid,
    reason_ref   uuid,
    outcome      text,
    completed_by text,
    was_on_time  boolean,
    scheduled_at timestamptz NOT NULL,
    completed_at timestamptz,
    cancelled_at timestamptz
);
CREATE INDEX task_due ON task (due_at, task_id);
CREATE INDEX task_open ON task (due_at, task_id) WHERE state = 'open';
CREATE INDEX task_customer ON task (customer_id, due_at, task_id);
CREATE INDEX task_assignee ON task (assignee_id, due_at, task_id);

CREATE TABLE complaint (
    complaint_id uuid        PRIMARY KEY,
    version      integer     NOT NULL,
    customer_id  uuid        NOT NULL,
    owner_id     text        NOT NULL,
    state        text        NOT NULL,
    channel      text        NOT NULL,
    severity     text        NOT NULL,
    topic        text,
    content_ref  uuid,
    answer_refs  uuid[]      NOT NULL,
    resolution   text,
    raised_at    timestamptz NOT NULL,
    answered_at  timestamptz,
    confirmed_at timestamptz,
    closed_at    timestamptz
);
CREATE INDEX complaint_raised ON complaint (raised_at, complaint_id);
CREATE INDEX complaint_unsettled ON complaint (raised_at, complaint_id) WHERE state <> 'closed';
CREATE INDEX complaint_customer ON complaint (customer_id, raised_at, complaint_id);
CREATE INDEX complaint_owner ON complaint (owner_id, raised_at, complaint_id);

-- What this service needs of a customer; its facts belong to the customer service. No name of a person.
CREATE TABLE customer_ref (
    customer_id uuid  PRIMARY KEY,
    kind        text  NOT NULL,
    name        text,
    owner_id    text,
    leader_id   text,
    stage       text  NOT NULL,
    tiers       jsonb NOT NULL
);
CREATE INDEX customer_ref_name ON customer_ref (name);
CREATE INDEX customer_ref_owner ON customer_ref (owner_id);
CREATE INDEX customer_ref_leader ON customer_ref (leader_id);

GRANT SELECT, INSERT, UPDATE ON contact, task, complaint, customer_ref TO care_app;

-- migrate:down
DROP TABLE contact, task, complaint, customer_ref;

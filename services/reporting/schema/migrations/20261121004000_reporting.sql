-- migrate:up

-- The read model. Every row is made from events and can be made again; each table follows one topic only.
CREATE TABLE customer (
    customer_id       uuid        PRIMARY KEY,
    kind              text        NOT NULL,
    company_name      text,
    stage             text        NOT NULL,
    mode              text,
    stage_since       timestamptz NOT NULL,
    registered_at     timestamptz NOT NULL,
    tiers             jsonb       NOT NULL,
    owner_id          text,
    leader_id         text,
    need_type         text,
    industry          text,
    region            text,
    work_status       text,
    last_contacted_at timestamptz
);
CREATE INDEX customer_owner ON customer (owner_id, customer_id);
CREATE INDEX customer_leader ON customer (leader_id, customer_id);
CREATE INDEX customer_stage ON customer (stage, customer_id);

CREATE TABLE stage_transition (
    event_id    uuid        PRIMARY KEY,
    position    bigint      NOT NULL UNIQUE,
    customer_id uuid        NOT NULL,
    previous    text,
    stage       text        NOT NULL,
    reason      text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX stage_transition_occurred ON stage_transition (occurred_at, stage);
CREATE INDEX stage_transition_customer ON stage_transition (customer_id, occurred_at);

CREATE TABLE contact (
    contact_id   uuid        PRIMARY KEY,
    customer_id  uuid        NOT NULL,
    employee_id  text        NOT NULL,
    channel      text        NOT NULL,
    direction    text        NOT NULL,
    is_automated boolean     NOT NULL,
    purpose      text,
    outcome      text,
    task_id      uuid,
    occurred_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL
);
CREATE INDEX contact_customer ON contact (customer_id, occurred_at);
CREATE INDEX contact_human ON contact (customer_id, occurred_at) WHERE NOT is_automated;

CREATE TABLE task (
    task_id           uuid        PRIMARY KEY,
    customer_id       uuid        NOT NULL,
    assignee_id       text        NOT NULL,
    purpose           text,
    scheduled_at      timestamptz NOT NULL,
    first_due_at      timestamptz NOT NULL,
    due_at            timestamptz NOT NULL,
    rescheduled_times integer     NOT NULL,
    completed_at      timestamptz,
    completed_by      text,
    outcome           text,
    was_on_time       boolean,
    cancelled_at      timestamptz
);
CREATE INDEX task_due ON task (due_at, task_id);
CREATE INDEX task_assignee ON task (assignee_id, due_at, task_id);
CREATE INDEX task_customer ON task (customer_id, due_at, task_id);
CREATE INDEX task_open ON task (customer_id, due_at) WHERE completed_at IS NULL AND cancelled_at IS NULL;

CREATE TABLE complaint (
    complaint_id uuid        PRIMARY KEY,
    customer_id  uuid        NOT NULL,
    owner_id     text        NOT NULL,
    channel      text        NOT NULL,
    severity     text        NOT NULL,
    topic        text,
    raised_at    timestamptz NOT NULL,
    answered_at  timestamptz,
    answered_by  text,
    answers      integer     NOT NULL,
    confirmed_at timestamptz,
    closed_at    timestamptz,
    resolution   text
);
CREATE INDEX complaint_customer ON complaint (customer_id, raised_at);
CREATE INDEX complaint_open ON complaint (customer_id, raised_at) WHERE closed_at IS NULL;

CREATE TABLE alert (
    alert_id     uuid        PRIMARY KEY,
    customer_id  uuid        NOT NULL,
    rule_id      text        NOT NULL,
    rule_version integer     NOT NULL,
    severity     text        NOT NULL,
    status       text        NOT NULL,
    outcome      text,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz,
    silent_since timestamptz NOT NULL,
    owner_id     text,
    summary      text        NOT NULL,
    summary_zh   text        NOT NULL,
    concerns_id  uuid,
    causes       uuid[]      NOT NULL
);
CREATE INDEX alert_starts ON alert (starts_at DESC, alert_id DESC);
CREATE INDEX alert_customer ON alert (customer_id, starts_at DESC, alert_id DESC);
CREATE INDEX alert_owner ON alert (owner_id, starts_at DESC, alert_id DESC);
CREATE INDEX alert_firing ON alert (customer_id) WHERE status = 'firing';

CREATE TABLE timeline (
    event_id    uuid        PRIMARY KEY,
    topic       text        NOT NULL,
    position    bigint      NOT NULL,
    customer_id uuid        NOT NULL,
    stream_id   uuid        NOT NULL,
    type        text        NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor       text        NOT NULL,
    data        jsonb       NOT NULL,
    UNIQUE (topic, position)
);
CREATE INDEX timeline_customer ON timeline (customer_id, occurred_at DESC, event_id DESC);

-- In which zone the BI views date what happened; the service brings it into line with its own setting.
CREATE TABLE business_zone (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    zone      text    NOT NULL
);
INSERT INTO business_zone VALUES (true, 'Asia/Shanghai');

GRANT SELECT, INSERT, UPDATE ON customer, stage_transition, contact, task, complaint, alert, timeline TO care_app;
GRANT SELECT, UPDATE ON business_zone TO care_app;

-- migrate:down
DROP TABLE customer, stage_transition, contact, task, complaint, alert, timeline, business_zone;

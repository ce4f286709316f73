-- migrate:up

-- A build that still runs applies nothing meanwhile: an event between the copy and the drop would be lost.
LOCK TABLE consumer_position IN SHARE MODE;

-- The timeline becomes the fact log. Contacts and entries into stages are views over it.
INSERT INTO fact (feed, position, customer_id, stream_id, version, type, event_id, occurred_at, recorded_at, actor, data)
SELECT CASE topic WHEN 'care.customer.events.v1' THEN 'customer' WHEN 'care.followup.events.v1' THEN 'followup'
        ELSE 'alerts' END,
    position, customer_id, stream_id, row_number() OVER (PARTITION BY stream_id ORDER BY position), type, event_id,
    occurred_at, recorded_at, actor, jsonb_build_object('type', type) || data
FROM timeline;

DROP VIEW IF EXISTS bi.dim_customers, bi.dim_employees, bi.fct_alerts, bi.fct_complaints, bi.fct_contacts,
    bi.fct_contracts, bi.fct_followups, bi.fct_lifecycle_transitions, bi.fct_plans, bi.fct_surveys, bi.meta_freshness;
DROP TABLE timeline, contact, stage_transition;

-- A derived number never exceeds its column, so no fact can make a rebuild fail.
ALTER TABLE alert ALTER COLUMN rule_version TYPE bigint;
ALTER TABLE plan ALTER COLUMN number TYPE bigint, ALTER COLUMN changed_times TYPE bigint;
ALTER TABLE survey ALTER COLUMN lowest TYPE bigint, ALTER COLUMN highest TYPE bigint, ALTER COLUMN score TYPE bigint;
ALTER TABLE task ALTER COLUMN rescheduled_times TYPE bigint, ALTER COLUMN reassigned_times TYPE bigint;
ALTER TABLE contract ALTER COLUMN renewals TYPE bigint;
ALTER TABLE complaint ALTER COLUMN answers TYPE bigint, ALTER COLUMN pauses TYPE bigint,
    ALTER COLUMN reopened_times TYPE bigint, ALTER COLUMN repeat_number TYPE bigint,
    ALTER COLUMN escalation_level TYPE bigint;

CREATE INDEX fact_customer ON fact (customer_id, occurred_at DESC, event_id DESC);
CREATE INDEX fact_contact ON fact (customer_id, occurred_at) WHERE type = 'care.followup.contact-logged.v1';
CREATE INDEX fact_human_contact ON fact (customer_id, occurred_at)
    WHERE type = 'care.followup.contact-logged.v1' AND NOT coalesce((data ->> 'automated')::boolean, false);
CREATE INDEX fact_stage ON fact (occurred_at)
    WHERE type IN ('care.customer.registered.v1', 'care.customer.stage-changed.v1');
CREATE INDEX fact_stage_customer ON fact (customer_id, occurred_at)
    WHERE type IN ('care.customer.registered.v1', 'care.customer.stage-changed.v1');

CREATE VIEW contact AS
SELECT stream_id AS contact_id, customer_id, data ->> 'employee_id' AS employee_id, data ->> 'channel' AS channel,
    data ->> 'direction' AS direction, coalesce((data ->> 'automated')::boolean, false) AS is_automated,
    data ->> 'purpose' AS purpose, data ->> 'outcome' AS outcome, (data ->> 'task_id')::uuid AS task_id, occurred_at,
    recorded_at
FROM fact WHERE type = 'care.followup.contact-logged.v1';

-- An entry into a stage; `previous` is absent for the first.
CREATE VIEW stage_transition AS
SELECT event_id, position, customer_id, data ->> 'previous' AS previous, coalesce(data ->> 'stage', 'new') AS stage,
    data ->> 'reason' AS reason, occurred_at, recorded_at
FROM fact WHERE type IN ('care.customer.registered.v1', 'care.customer.stage-changed.v1');

GRANT SELECT ON contact, stage_transition TO care_app;

-- migrate:down

-- A build that still runs applies nothing meanwhile: an event between the copy and the drop would be lost.
LOCK TABLE consumer_position IN SHARE MODE;

DROP VIEW IF EXISTS bi.dim_customers, bi.dim_employees, bi.fct_alerts, bi.fct_complaints, bi.fct_contacts,
    bi.fct_contracts, bi.fct_followups, bi.fct_lifecycle_transitions, bi.fct_plans, bi.fct_surveys, bi.meta_freshness;
ALTER TABLE alert ALTER COLUMN rule_version TYPE integer;
ALTER TABLE plan ALTER COLUMN number TYPE integer, ALTER COLUMN changed_times TYPE integer;
ALTER TABLE survey ALTER COLUMN lowest TYPE integer, ALTER COLUMN highest TYPE integer, ALTER COLUMN score TYPE integer;
ALTER TABLE task ALTER COLUMN rescheduled_times TYPE integer, ALTER COLUMN reassigned_times TYPE integer;
ALTER TABLE contract ALTER COLUMN renewals TYPE integer;
ALTER TABLE complaint ALTER COLUMN answers TYPE integer, ALTER COLUMN pauses TYPE integer,
    ALTER COLUMN reopened_times TYPE integer, ALTER COLUMN repeat_number TYPE integer,
    ALTER COLUMN escalation_level TYPE integer;
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
INSERT INTO timeline (event_id, topic, position, customer_id, stream_id, type, occurred_at, recorded_at, actor, data)
SELECT event_id, CASE feed WHEN 'alerts' THEN 'care.alert.events.v1' ELSE 'care.' || feed || '.events.v1' END, position,
    customer_id, stream_id, type, occurred_at, recorded_at, actor, data - 'type'
FROM fact;

CREATE TABLE contact_row AS SELECT * FROM contact;
CREATE TABLE stage_transition_row AS SELECT * FROM stage_transition;
DROP VIEW contact, stage_transition;
DROP INDEX fact_customer, fact_contact, fact_human_contact, fact_stage, fact_stage_customer;
ALTER TABLE contact_row RENAME TO contact;
ALTER TABLE contact ADD PRIMARY KEY (contact_id);
CREATE INDEX contact_customer ON contact (customer_id, occurred_at);
CREATE INDEX contact_human ON contact (customer_id, occurred_at) WHERE NOT is_automated;
ALTER TABLE stage_transition_row RENAME TO stage_transition;
ALTER TABLE stage_transition ADD PRIMARY KEY (event_id), ADD UNIQUE (position);
CREATE INDEX stage_transition_occurred ON stage_transition (occurred_at, stage);
CREATE INDEX stage_transition_customer ON stage_transition (customer_id, occurred_at);
GRANT SELECT, INSERT, UPDATE ON timeline, contact, stage_transition TO care_app;

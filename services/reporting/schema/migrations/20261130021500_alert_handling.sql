-- migrate:up

-- A rebuild fills the new columns for earlier events.
ALTER TABLE alert
    ADD COLUMN acknowledged_by  text,
    ADD COLUMN acknowledged_at  timestamptz,
    ADD COLUMN snoozed_until    timestamptz,
    ADD COLUMN escalation_level bigint NOT NULL DEFAULT 0;

-- An acknowledged alert is open too.
CREATE INDEX alert_open ON alert (customer_id) WHERE status <> 'resolved';
DROP INDEX alert_firing;

-- migrate:down
DROP VIEW IF EXISTS bi.fct_alerts;
DROP INDEX alert_open;
CREATE INDEX alert_firing ON alert (customer_id) WHERE status = 'firing';
ALTER TABLE alert DROP COLUMN acknowledged_by, DROP COLUMN acknowledged_at, DROP COLUMN snoozed_until,
    DROP COLUMN escalation_level;

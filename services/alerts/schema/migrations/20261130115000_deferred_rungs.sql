-- migrate:up

-- A rung that waits for work time is looked at again when a calendar was published.
ALTER TABLE alert_ladder ADD COLUMN is_deferred boolean NOT NULL DEFAULT false;
CREATE INDEX alert_ladder_deferred ON alert_ladder (alert_id) WHERE is_deferred;

-- migrate:down
DROP INDEX alert_ladder_deferred;
ALTER TABLE alert_ladder DROP COLUMN is_deferred;

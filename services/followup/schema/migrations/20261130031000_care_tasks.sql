-- migrate:up

-- The alert that asked for a task, and its rule.
ALTER TABLE task ADD COLUMN alert_id uuid, ADD COLUMN alert_rule text;

-- migrate:down
ALTER TABLE task DROP COLUMN alert_id, DROP COLUMN alert_rule;

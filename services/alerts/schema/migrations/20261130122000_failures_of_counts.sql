-- migrate:up

-- When a failure is over without a change: the event on which an expression failed is older than what its rule counts.
ALTER TABLE rule_failure ADD COLUMN over_at timestamptz;

-- migrate:down
ALTER TABLE rule_failure DROP COLUMN over_at;

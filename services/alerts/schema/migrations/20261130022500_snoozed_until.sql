-- migrate:up

ALTER TABLE alert ADD snoozed_until timestamptz;

-- migrate:down
ALTER TABLE alert DROP snoozed_until;

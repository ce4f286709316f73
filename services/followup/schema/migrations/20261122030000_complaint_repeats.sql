-- migrate:up

ALTER TABLE complaint
    ADD COLUMN first_id         uuid,
    ADD COLUMN repeat_number    integer,
    ADD COLUMN escalation_level integer NOT NULL DEFAULT 0;

-- migrate:down
ALTER TABLE complaint DROP COLUMN first_id, DROP COLUMN repeat_number, DROP COLUMN escalation_level;

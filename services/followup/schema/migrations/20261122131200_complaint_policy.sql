-- migrate:up

ALTER TABLE complaint
    ADD COLUMN policy_number integer,
    ADD COLUMN intake        text,
    ADD COLUMN partner       text,
    ADD COLUMN late_level    integer NOT NULL DEFAULT 0;
-- What may be late and has not been escalated for it.
CREATE INDEX complaint_late ON complaint (answer_by)
    WHERE state IN ('raised', 'assigned', 'reopened') AND late_level < 2;

-- migrate:down
DROP INDEX complaint_late;
ALTER TABLE complaint DROP COLUMN policy_number, DROP COLUMN intake, DROP COLUMN partner, DROP COLUMN late_level;

-- migrate:up

ALTER TABLE complaint
    ADD COLUMN category             text,
    ADD COLUMN product              text,
    ADD COLUMN tier                 text,
    ADD COLUMN calendar             text,
    ADD COLUMN calendar_number      integer,
    ADD COLUMN answer_by            timestamptz,
    ADD COLUMN resolve_by           timestamptz,
    ADD COLUMN is_provisional       boolean NOT NULL DEFAULT false,
    ADD COLUMN pause_reason         text,
    ADD COLUMN told_at              timestamptz,
    ADD COLUMN consent_at           timestamptz,
    ADD COLUMN was_answered_in_time boolean,
    ADD COLUMN was_resolved_in_time boolean,
    ADD COLUMN first_closed_at      timestamptz,
    ADD COLUMN verdict              boolean,
    ADD COLUMN reopened_times       integer NOT NULL DEFAULT 0;
-- What waits for the customer's word, by when silence will be taken for consent.
CREATE INDEX complaint_consent ON complaint (consent_at) WHERE state = 'told';

-- migrate:down
DROP INDEX complaint_consent;
ALTER TABLE complaint
    DROP COLUMN category, DROP COLUMN product, DROP COLUMN tier, DROP COLUMN calendar, DROP COLUMN calendar_number,
    DROP COLUMN answer_by, DROP COLUMN resolve_by, DROP COLUMN is_provisional, DROP COLUMN pause_reason,
    DROP COLUMN told_at, DROP COLUMN consent_at, DROP COLUMN was_answered_in_time, DROP COLUMN was_resolved_in_time,
    DROP COLUMN first_closed_at, DROP COLUMN verdict, DROP COLUMN reopened_times;

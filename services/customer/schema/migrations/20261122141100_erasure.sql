-- migrate:up
ALTER TABLE customer ADD COLUMN is_erased boolean NOT NULL DEFAULT false;

-- Finds the few erasures among all events.
CREATE INDEX event_erasure ON event (position)
    WHERE type IN ('care.customer.erased.v1', 'care.customer.key-contact-erased.v1');

-- What other services have answered to an erasure, taken from their topics.
CREATE TABLE purge_answer (
    erasure_id uuid        NOT NULL,
    service    text        NOT NULL,
    entries    integer     NOT NULL,
    purged_at  timestamptz NOT NULL,
    PRIMARY KEY (erasure_id, service)
);
GRANT SELECT, INSERT, UPDATE ON purge_answer TO care_app;

-- migrate:down
DROP TABLE purge_answer;
DROP INDEX event_erasure;
ALTER TABLE customer DROP COLUMN is_erased;

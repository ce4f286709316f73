-- migrate:up

-- Which erasures have been heard of here, how many personal words were found then, and when that was told on Kafka.
-- It is no part of the read model: a rebuild hears of the same erasures again, and answers no second time.
CREATE TABLE purge_heard (
    erasure_id   uuid        PRIMARY KEY,
    subject      uuid        NOT NULL,
    entries      integer     NOT NULL,
    heard_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    confirmed_at timestamptz
);
CREATE INDEX purge_heard_subject ON purge_heard (subject);
CREATE INDEX purge_heard_unconfirmed ON purge_heard (heard_at, erasure_id) WHERE confirmed_at IS NULL;

INSERT INTO purge_heard (erasure_id, subject, entries)
SELECT event_id, customer_id, 0 FROM timeline
WHERE type IN ('care.customer.erased.v1', 'care.customer.key-contact-erased.v1');

GRANT SELECT, INSERT, UPDATE ON purge_heard TO care_app;

-- migrate:down
DROP TABLE purge_heard;

-- migrate:up

-- Which erasures have been heard of here, how many personal words were found then, and when that was told on Kafka.
CREATE TABLE purge_heard (
    erasure_id   uuid        PRIMARY KEY,
    subject      uuid        NOT NULL,
    entries      integer     NOT NULL,
    heard_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    confirmed_at timestamptz
);
CREATE INDEX purge_heard_subject ON purge_heard (subject);
CREATE INDEX purge_heard_unconfirmed ON purge_heard (heard_at, erasure_id) WHERE confirmed_at IS NULL;

-- Those of before stand in what is remembered of a customer and of its duplicates; of the oldest only the moment is kept.
WITH known AS (
    SELECT customer_id, state::jsonb -> 'facts' AS facts FROM silence
    UNION ALL
    SELECT each.key::uuid, each.value FROM silence, jsonb_each(state::jsonb #> '{facts,absorbed}') each
)
INSERT INTO purge_heard (erasure_id, subject, entries)
SELECT erasure_id::uuid, customer_id, 0 FROM known, jsonb_array_elements_text(facts -> 'erasures') erasure_id
UNION
SELECT (facts #>> '{erased,cause}')::uuid, customer_id, 0 FROM known WHERE facts #>> '{erased,cause}' IS NOT NULL
ON CONFLICT DO NOTHING;

GRANT SELECT, INSERT, UPDATE ON purge_heard TO care_app;

-- migrate:down
DROP TABLE purge_heard;

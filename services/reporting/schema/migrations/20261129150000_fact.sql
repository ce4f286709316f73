-- migrate:up

-- Every received event as it was published, append-only. `feed` is the service that published it; (feed, position)
-- identifies an event. `batch` is the import that it came from.
CREATE TABLE fact (
    feed        text        NOT NULL,
    position    bigint      NOT NULL,
    customer_id uuid        NOT NULL,
    stream_id   uuid        NOT NULL,
    version     bigint      NOT NULL,
    type        text        NOT NULL,
    event_id    uuid        NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor       text        NOT NULL,
    batch       uuid,
    data        jsonb       NOT NULL,
    PRIMARY KEY (feed, position)
);
-- No plan depends on them, and they took most of the time of ANALYZE.
ALTER TABLE fact ALTER COLUMN data SET STATISTICS 0;
CREATE INDEX fact_stream ON fact (stream_id, position);

GRANT SELECT, INSERT ON fact TO care_app;

-- migrate:down
DROP TABLE fact;

-- migrate:up

-- Each transition of each alert: when the alert was open, as known while this row was the latest one of its round. Every
-- event that raises the alert begins a round. `open` is absent if the round was withdrawn.
CREATE TABLE alert_history (
    alert_id    uuid        NOT NULL,
    version     integer     NOT NULL,
    customer_id uuid        NOT NULL,
    event       text        NOT NULL,
    status      text        NOT NULL,
    owner_id    text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    open        tstzrange,
    round       integer     NOT NULL DEFAULT 0,
    known       tstzrange   NOT NULL DEFAULT 'empty',
    PRIMARY KEY (alert_id, version)
);

INSERT INTO alert_history
SELECT alert_id, version, customer_id, event, status, owner_id, occurred_at, recorded_at, open, round,
    tstzrange(recorded_at, nullif(greatest(
        recorded_at, lead(recorded_at, 1, 'infinity') OVER (PARTITION BY alert_id, round ORDER BY version)
    ), 'infinity'))
FROM (
    SELECT stream_id AS alert_id, version, subject AS customer_id, split_part(type, '.', 3) AS event,
        CASE WHEN type IN ('care.alert.cleared.v1', 'care.alert.withdrawn.v1') THEN 'resolved'
            ELSE coalesce(data ->> 'status', 'firing') END AS status,
        data ->> 'owner_id' AS owner_id, (content ->> 'time')::timestamptz AS occurred_at, recorded_at,
        CASE WHEN type <> 'care.alert.withdrawn.v1' THEN tstzrange(
            (data ->> 'starts_at')::timestamptz,
            CASE WHEN data ? 'ends_at'
                THEN greatest((data ->> 'starts_at')::timestamptz, (data ->> 'ends_at')::timestamptz) END
        ) END AS open,
        (count(*) FILTER (WHERE type = 'care.alert.raised.v1') OVER (PARTITION BY stream_id ORDER BY version))::integer
            AS round
    FROM event, LATERAL (SELECT convert_from(state, 'UTF8')::jsonb AS content) AS decoded,
        LATERAL (SELECT content -> 'data' AS data) AS told
    WHERE type LIKE 'care.alert.%'
) AS rounds;

CREATE INDEX alert_history_at ON alert_history USING gist (known, open) WHERE open IS NOT NULL;
CREATE INDEX alert_history_customer ON alert_history (customer_id, alert_id);

GRANT SELECT, INSERT, UPDATE ON alert_history TO care_app;

-- migrate:down
DROP TABLE alert_history;

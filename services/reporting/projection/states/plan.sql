-- A plan since it was started, with its last version and tier.
WITH told AS (
    SELECT key, position, customer_id, occurred_at, data, split_part(type, '.', 3) AS event
    FROM facts
),
marked AS (
    SELECT *,
        max(position) FILTER (WHERE event = 'plan-started') OVER plan AS started,
        max(position) FILTER (WHERE event IN ('plan-started', 'plan-changed')) OVER plan AS version,
        max(position) FILTER (WHERE event = 'plan-ended') OVER plan AS ended
    FROM told
    WINDOW plan AS (PARTITION BY key)
)
SELECT key AS plan_id,
    max(customer_id::text) FILTER (WHERE position = started)::uuid AS customer_id,
    max(data ->> 'template') FILTER (WHERE position = started) AS template,
    max(data ->> 'number') FILTER (WHERE position = version)::bigint AS number,
    max(data ->> 'tier') FILTER (WHERE position = version) AS tier,
    max(occurred_at) FILTER (WHERE position = started) AS started_at,
    max(data ->> 'anchor_at') FILTER (WHERE position = started)::timestamptz AS anchor_at,
    count(*) FILTER (WHERE event = 'plan-changed') AS changed_times,
    max(occurred_at) FILTER (WHERE position = ended) AS ended_at,
    max(data ->> 'reason') FILTER (WHERE position = ended) AS end_reason
FROM marked
WHERE position >= started
GROUP BY key

-- An alert as last published: every event contains the complete alert. A carried alert has its events under two
-- customers, on two partitions; the latest position counts, whichever arrives first.
WITH told AS (
    SELECT DISTINCT ON (key) key, customer_id, data, split_part(type, '.', 3) AS event
    FROM facts
    ORDER BY key, position DESC
)
SELECT key AS alert_id,
    customer_id,
    data ->> 'rule_id' AS rule_id,
    (data ->> 'rule_version')::bigint AS rule_version,
    data ->> 'severity' AS severity,
    -- Events of these kinds have one status, which may be left out.
    CASE
        WHEN event IN ('cleared', 'withdrawn') THEN 'resolved'
        WHEN event = 'acknowledged' THEN 'acknowledged'
        WHEN event = 'raised' THEN 'firing'
        ELSE data ->> 'status'
    END AS status,
    CASE WHEN event IN ('cleared', 'withdrawn') THEN event END AS outcome,
    (data ->> 'starts_at')::timestamptz AS starts_at,
    (data ->> 'ends_at')::timestamptz AS ends_at,
    (data ->> 'silent_since')::timestamptz AS silent_since,
    data ->> 'owner_id' AS owner_id,
    data ->> 'summary' AS summary,
    data ->> 'summary_zh' AS summary_zh,
    (data ->> 'concerns_id')::uuid AS concerns_id,
    ARRAY(SELECT jsonb_array_elements_text(data -> 'causes')::uuid) AS causes,
    data ->> 'acknowledged_by' AS acknowledged_by,
    (data ->> 'acknowledged_at')::timestamptz AS acknowledged_at,
    (data ->> 'snoozed_until')::timestamptz AS snoozed_until,
    coalesce((data ->> 'escalation_level')::bigint, 0) AS escalation_level
FROM told

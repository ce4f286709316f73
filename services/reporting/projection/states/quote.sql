-- A quote since it was requested, or issued without a request. Its amount is that of the last issue.
WITH told AS (
    SELECT key, position, customer_id, occurred_at, data, split_part(type, '.', 3) AS event
    FROM facts
),
begun AS (
    SELECT *, min(position) FILTER (WHERE event <> 'quote-compared') OVER (PARTITION BY key) AS first
    FROM told
),
marked AS (
    SELECT *,
        min(position) FILTER (WHERE event = 'quote-issued') OVER quote AS first_issued,
        max(position) FILTER (WHERE event = 'quote-issued') OVER quote AS issued,
        max(position) FILTER (WHERE event = 'quote-compared') OVER quote AS compared
    FROM begun
    WHERE position >= first
    WINDOW quote AS (PARTITION BY key)
)
SELECT key AS quote_id,
    max(customer_id::text) FILTER (WHERE position = first)::uuid AS customer_id,
    max(data ->> 'external_system') FILTER (WHERE position = first) AS external_system,
    max(data ->> 'external_id') FILTER (WHERE position = first) AS external_id,
    max(data ->> 'category') FILTER (WHERE position = first) AS category,
    max(occurred_at) FILTER (WHERE position = first AND event = 'quote-requested') AS requested_at,
    max(occurred_at) FILTER (WHERE position = first_issued) AS first_issued_at,
    max(occurred_at) FILTER (WHERE position = issued) AS issued_at,
    count(*) FILTER (WHERE event = 'quote-issued') AS issues,
    max(data ->> 'amount_minor') FILTER (WHERE position = issued)::bigint AS amount_minor,
    max(data ->> 'currency') FILTER (WHERE position = issued) AS currency,
    count(*) FILTER (WHERE event = 'quote-compared') AS comparisons,
    max(occurred_at) FILTER (WHERE position = compared) AS compared_at,
    max(data ->> 'competitor') FILTER (WHERE position = compared) AS competitor
FROM marked
GROUP BY key

-- An order since it was placed, until its delivery or cancellation.
WITH told AS (
    SELECT key, position, customer_id, occurred_at, data, split_part(type, '.', 3) AS event
    FROM facts
),
marked AS (
    SELECT *,
        max(position) FILTER (WHERE event = 'order-placed') OVER customer_order AS placed,
        max(position) FILTER (WHERE event = 'order-delivered') OVER customer_order AS delivered,
        max(position) FILTER (WHERE event = 'order-cancelled') OVER customer_order AS cancelled
    FROM told
    WINDOW customer_order AS (PARTITION BY key)
)
SELECT key AS order_id,
    max(customer_id::text) FILTER (WHERE position = placed)::uuid AS customer_id,
    max(data ->> 'external_system') FILTER (WHERE position = placed) AS external_system,
    max(data ->> 'external_id') FILTER (WHERE position = placed) AS external_id,
    max(data ->> 'category') FILTER (WHERE position = placed) AS category,
    max(data ->> 'amount_minor') FILTER (WHERE position = placed)::bigint AS amount_minor,
    max(data ->> 'currency') FILTER (WHERE position = placed) AS currency,
    max(occurred_at) FILTER (WHERE position = placed) AS placed_at,
    max(occurred_at) FILTER (WHERE position = delivered) AS delivered_at,
    max(occurred_at) FILTER (WHERE position = cancelled) AS cancelled_at,
    max(data ->> 'reason') FILTER (WHERE position = cancelled) AS cancel_reason
FROM marked
WHERE position >= placed
GROUP BY key

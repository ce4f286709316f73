-- A contract since it was signed. `term` is the event with its present term and amount. A renewal resets the intent.
WITH told AS (
    SELECT key, position, customer_id, occurred_at, data, split_part(type, '.', 3) AS event
    FROM facts
),
marked AS (
    SELECT *,
        max(position) FILTER (WHERE event = 'contract-signed') OVER contract AS signed,
        max(position) FILTER (WHERE event IN ('contract-signed', 'contract-renewed')) OVER contract AS term,
        max(position) FILTER (WHERE event <> 'contract-ended') OVER contract AS intent,
        max(position) FILTER (WHERE event = 'contract-renewed') OVER contract AS renewed,
        max(position) FILTER (WHERE event = 'contract-ended') OVER contract AS ended
    FROM told
    WINDOW contract AS (PARTITION BY key)
)
SELECT key AS contract_id,
    max(customer_id::text) FILTER (WHERE position = signed)::uuid AS customer_id,
    max(data ->> 'external_system') FILTER (WHERE position = signed) AS external_system,
    max(data ->> 'external_id') FILTER (WHERE position = signed) AS external_id,
    coalesce(max(data ->> 'kind') FILTER (WHERE position = signed), 'standard') AS kind,
    max(occurred_at) FILTER (WHERE position = signed) AS signed_at,
    max(data ->> 'starts_on') FILTER (WHERE position = term)::date AS starts_on,
    max(data ->> 'ends_on') FILTER (WHERE position = term)::date AS ends_on,
    max(data ->> 'amount_minor') FILTER (WHERE position = term)::bigint AS amount_minor,
    max(data ->> 'currency') FILTER (WHERE position = term) AS currency,
    max(
        CASE event
            WHEN 'contract-signed' THEN coalesce(data ->> 'renewal_intent', 'unknown')
            WHEN 'renewal-intent-stated' THEN data ->> 'intent'
            WHEN 'contract-renewed' THEN 'unknown'
        END
    ) FILTER (WHERE position = intent) AS renewal_intent,
    count(*) FILTER (WHERE event = 'contract-renewed') AS renewals,
    max(occurred_at) FILTER (WHERE position = renewed) AS renewed_at,
    max(occurred_at) FILTER (WHERE position = ended) AS ended_at,
    max(data ->> 'reason') FILTER (WHERE position = ended) AS end_reason
FROM marked
WHERE position >= signed
GROUP BY key

-- A survey since it was sent, and its answer unless that was anonymous.
WITH told AS (
    SELECT key, position, customer_id, occurred_at, data, split_part(type, '.', 3) AS event
    FROM facts
),
marked AS (
    SELECT *,
        max(position) FILTER (WHERE event = 'survey-sent') OVER survey AS sent,
        max(position) FILTER (WHERE event = 'survey-answered') OVER survey AS answered
    FROM told
    WINDOW survey AS (PARTITION BY key)
)
SELECT key AS survey_id,
    max(customer_id::text) FILTER (WHERE position = sent)::uuid AS customer_id,
    max(data #>> '{question,survey}') FILTER (WHERE position = sent) AS survey,
    max(data #>> '{question,kind}') FILTER (WHERE position = sent) AS kind,
    max(data #>> '{question,lowest}') FILTER (WHERE position = sent)::bigint AS lowest,
    max(data #>> '{question,highest}') FILTER (WHERE position = sent)::bigint AS highest,
    coalesce(max(data ->> 'anonymous') FILTER (WHERE position = sent)::boolean, false) AS is_anonymous,
    max(data ->> 'channel') FILTER (WHERE position = sent) AS channel,
    max(data ->> 'step') FILTER (WHERE position = sent) AS step,
    max(data ->> 'about_id') FILTER (WHERE position = sent)::uuid AS about_id,
    max(occurred_at) FILTER (WHERE position = sent) AS sent_at,
    max(data ->> 'expires_at') FILTER (WHERE position = sent)::timestamptz AS expires_at,
    max(occurred_at) FILTER (WHERE position = answered) AS answered_at,
    max(data ->> 'score') FILTER (WHERE position = answered)::bigint AS score
FROM marked
WHERE position >= sent
GROUP BY key

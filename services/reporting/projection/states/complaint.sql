-- A complaint since it was raised. `round` is the event that started its present round: raised, or reopened.
WITH told AS (
    SELECT key, position, customer_id, occurred_at, data, split_part(type, '.', 3) AS event
    FROM facts
),
raised AS (
    SELECT *,
        event IN ('complaint-paused', 'complaint-resumed', 'complaint-reopened') AS is_pause,
        max(position) FILTER (WHERE event = 'complaint-raised') OVER (PARTITION BY key) AS raised
    FROM told
),
marked AS (
    SELECT *,
        max(position) FILTER (WHERE event IN ('complaint-raised', 'complaint-reopened')) OVER complaint AS round,
        max(position) FILTER (WHERE event IN ('complaint-raised', 'complaint-assigned')) OVER complaint AS assigned,
        max(position) FILTER (WHERE event IN ('complaint-raised', 'complaint-reclassified')) OVER complaint AS classified,
        min(position) FILTER (WHERE event = 'complaint-answered') OVER complaint AS answered,
        min(position) FILTER (WHERE event = 'complaint-answered' AND data ->> 'answered_in_time' IS NOT NULL)
            OVER complaint AS judged,
        max(position) FILTER (WHERE event = 'complaint-communicated') OVER complaint AS communicated,
        max(position) FILTER (WHERE event = 'complaint-confirmed') OVER complaint AS confirmed,
        max(position) FILTER (WHERE event = 'complaint-consented') OVER complaint AS consented,
        max(position) FILTER (WHERE event = 'complaint-closed') OVER complaint AS closed,
        min(position) FILTER (WHERE event = 'complaint-closed') OVER complaint AS first_closed,
        -- A pause removes the targets. After it, a new target is set.
        max(position) FILTER (
            WHERE event IN ('complaint-target-set', 'complaint-target-changed', 'complaint-paused')
        ) OVER complaint AS target,
        max(position) FILTER (WHERE is_pause) OVER complaint AS pause,
        max(position) FILTER (WHERE event = 'complaint-linked') OVER complaint AS linked,
        -- The pause that a resumed or reopened complaint ends is the previous event of these three kinds.
        lag(event) OVER previous AS previous,
        lag(occurred_at) OVER previous AS previous_at
    FROM raised
    WHERE position >= raised
    WINDOW complaint AS (PARTITION BY key),
        previous AS (PARTITION BY key, is_pause ORDER BY position)
)
SELECT key AS complaint_id,
    max(customer_id::text) FILTER (WHERE position = raised)::uuid AS customer_id,
    max(data ->> 'owner_id') FILTER (WHERE position = assigned) AS owner_id,
    max(data ->> 'channel') FILTER (WHERE position = raised) AS channel,
    max(data ->> 'severity') FILTER (WHERE position = classified) AS severity,
    max(data ->> 'topic') FILTER (WHERE position = raised) AS topic,
    max(occurred_at) FILTER (WHERE position = raised) AS raised_at,
    max(data ->> 'category') FILTER (WHERE position = raised) AS category,
    max(data ->> 'product') FILTER (WHERE position = raised) AS product,
    max(data ->> 'intake') FILTER (WHERE position = raised) AS intake,
    max(data ->> 'partner') FILTER (WHERE position = raised) AS partner,
    max(occurred_at) FILTER (WHERE position = answered) AS answered_at,
    max(data ->> 'employee_id') FILTER (WHERE position = answered) AS answered_by,
    count(*) FILTER (WHERE event = 'complaint-answered') AS answers,
    NOT bool_or(event = 'complaint-answered' AND position > round) AS awaits_answer,
    max(occurred_at) FILTER (WHERE position = communicated AND position > round) AS communicated_at,
    max(occurred_at) FILTER (WHERE position = confirmed AND position > round) AS confirmed_at,
    max(occurred_at) FILTER (WHERE position = consented AND position > round) AS consented_at,
    max(occurred_at) FILTER (WHERE position = closed AND position > round) AS closed_at,
    max(data ->> 'resolution') FILTER (WHERE position = closed AND position > round) AS resolution,
    max(data ->> 'answer_by') FILTER (WHERE position = target AND event <> 'complaint-paused')::timestamptz AS answer_by,
    max(data ->> 'resolve_by') FILTER (WHERE position = target AND event <> 'complaint-paused')::timestamptz
        AS resolve_by,
    bool_or((data ->> 'answered_in_time')::boolean) FILTER (WHERE position = judged) AS was_answered_in_time,
    bool_or((data ->> 'resolved_in_time')::boolean) FILTER (WHERE position = first_closed) AS was_resolved_in_time,
    max(occurred_at) FILTER (WHERE position = pause AND event = 'complaint-paused') AS paused_at,
    coalesce(
        -- A pause lasts whole seconds. One that ended before it began, by times stated later, lasts none.
        sum(greatest(floor(extract(epoch FROM occurred_at - previous_at)), 0)) FILTER (
            WHERE event IN ('complaint-resumed', 'complaint-reopened') AND previous = 'complaint-paused'
        ), 0
    )::bigint AS paused_seconds,
    count(*) FILTER (WHERE event = 'complaint-paused') AS pauses,
    max(occurred_at) FILTER (WHERE position = first_closed) AS first_closed_at,
    max(occurred_at) FILTER (WHERE position = round AND event = 'complaint-reopened') AS reopened_at,
    count(*) FILTER (WHERE event = 'complaint-reopened') AS reopened_times,
    max(data ->> 'first_id') FILTER (WHERE position = linked)::uuid AS first_id,
    max(data ->> 'number') FILTER (WHERE position = linked)::bigint AS repeat_number,
    coalesce(max((data ->> 'level')::bigint) FILTER (WHERE event = 'complaint-escalated'), 0) AS escalation_level
FROM marked
GROUP BY key

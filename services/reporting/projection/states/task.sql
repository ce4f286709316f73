-- A task since it was scheduled. `due` and `assigned` are the events that set its due time and its assignee last.
WITH told AS (
    SELECT key, position, customer_id, occurred_at, data, split_part(type, '.', 3) AS event
    FROM facts
),
marked AS (
    SELECT *,
        max(position) FILTER (WHERE event = 'task-scheduled') OVER task AS scheduled,
        max(position) FILTER (WHERE event IN ('task-scheduled', 'task-rescheduled', 'task-completed')) OVER task AS due,
        max(position) FILTER (WHERE event IN ('task-scheduled', 'task-reassigned')) OVER task AS assigned,
        max(position) FILTER (WHERE event = 'task-completed') OVER task AS completed,
        max(position) FILTER (WHERE event = 'task-cancelled') OVER task AS cancelled
    FROM told
    WINDOW task AS (PARTITION BY key)
)
SELECT key AS task_id,
    max(customer_id::text) FILTER (WHERE position = scheduled)::uuid AS customer_id,
    max(data ->> 'assignee_id') FILTER (WHERE position = assigned) AS assignee_id,
    max(data ->> 'purpose') FILTER (WHERE position = scheduled) AS purpose,
    max(occurred_at) FILTER (WHERE position = scheduled) AS scheduled_at,
    max(data ->> 'due_at') FILTER (WHERE position = scheduled)::timestamptz AS first_due_at,
    max(data ->> 'due_at') FILTER (WHERE position = due)::timestamptz AS due_at,
    count(*) FILTER (WHERE event = 'task-rescheduled') AS rescheduled_times,
    max(occurred_at) FILTER (WHERE position = completed) AS completed_at,
    max(data ->> 'employee_id') FILTER (WHERE position = completed) AS completed_by,
    max(data ->> 'outcome') FILTER (WHERE position = completed) AS outcome,
    -- A task that is completed exactly at its due time is on time.
    bool_or(occurred_at <= (data ->> 'due_at')::timestamptz) FILTER (WHERE position = completed) AS was_on_time,
    max(occurred_at) FILTER (WHERE position = cancelled) AS cancelled_at,
    max(data ->> 'channel') FILTER (WHERE position = scheduled) AS channel,
    max(data ->> 'plan_id') FILTER (WHERE position = scheduled)::uuid AS plan_id,
    max(data ->> 'plan_step') FILTER (WHERE position = scheduled) AS plan_step,
    count(*) FILTER (WHERE event = 'task-reassigned') AS reassigned_times
FROM marked
WHERE position >= scheduled
GROUP BY key

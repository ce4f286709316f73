-- migrate:up

-- The last presence of each employee that was published. Read before the list is altered: this reads all events.
CREATE TEMP TABLE published ON COMMIT DROP AS
SELECT DISTINCT ON (stream_id) convert_from(state, 'UTF8')::jsonb #>> '{data,employee_id}' AS employee_id, version,
    type = 'care.customer.employee-left.v1' AS has_left, recorded_at
FROM event WHERE type IN ('care.customer.employee-left.v1', 'care.customer.employee-returned.v1')
ORDER BY stream_id, version DESC;

-- The version of the employee's stream that the presence in the list is from. A handover batch changes the presence only.
ALTER TABLE employee ADD COLUMN presence_version integer NOT NULL DEFAULT 0;
-- The last event counts, unless a handover batch marked the employee as left since.
INSERT INTO employee (employee_id, name, left_at, presence_version)
SELECT employee_id, employee_id, CASE WHEN has_left THEN recorded_at END, version FROM published
ON CONFLICT (employee_id) DO UPDATE SET presence_version = excluded.presence_version,
    left_at = CASE WHEN excluded.left_at IS NOT NULL THEN coalesce(employee.left_at, excluded.left_at)
        WHEN EXISTS (
            SELECT FROM handover_batch batch JOIN published ON published.employee_id = batch.from_owner_id
            WHERE batch.leaves AND batch.from_owner_id = excluded.employee_id
                AND batch.started_at > published.recorded_at
        ) THEN employee.left_at END;

-- migrate:down
ALTER TABLE employee DROP COLUMN presence_version;

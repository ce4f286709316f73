-- migrate:up

-- The version of the employee's stream that the leader in the list is from. A handover batch changes the leader only.
ALTER TABLE employee ADD COLUMN leader_version integer NOT NULL DEFAULT 0;
-- The last event counts, unless a handover batch replaced this leader since.
INSERT INTO employee (employee_id, name, leader_id, leader_version)
SELECT change.employee_id, change.employee_id, change.leader_id, event.version
FROM leader_change change JOIN event ON event.position = change.position
ON CONFLICT (employee_id) DO UPDATE SET leader_version = excluded.leader_version,
    leader_id = CASE WHEN EXISTS (
        SELECT FROM handover_batch batch JOIN leader_change change ON change.employee_id = excluded.employee_id
        WHERE batch.leaves AND batch.from_owner_id = change.leader_id AND batch.started_at > change.recorded_at
    ) THEN employee.leader_id ELSE excluded.leader_id END;

-- How often a change was to be applied once more: a pass that began before does not end it.
ALTER TABLE leader_change ADD COLUMN repeats integer NOT NULL DEFAULT 0;
CREATE INDEX leader_change_employee ON leader_change (employee_id);
-- Customers may have kept a former leader: each change is applied once more.
UPDATE leader_change SET after = DEFAULT, due_at = now(), repeats = 1;

-- migrate:down
DROP INDEX leader_change_employee;
ALTER TABLE leader_change DROP COLUMN repeats;
ALTER TABLE employee DROP COLUMN leader_version;

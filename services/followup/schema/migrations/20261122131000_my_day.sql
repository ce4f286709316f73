-- migrate:up

-- What somebody owes, by when; and which complaints they have open.
CREATE INDEX task_owed ON task (assignee_id, due_at) INCLUDE (task_id, customer_id) WHERE state = 'open';
CREATE INDEX complaint_owned ON complaint (owner_id) WHERE state NOT IN ('confirmed', 'consented', 'closed');
-- Whom somebody leads.
DROP INDEX customer_ref_leader;
CREATE INDEX customer_ref_leader ON customer_ref (leader_id, owner_id);

-- migrate:down
DROP INDEX task_owed;
DROP INDEX complaint_owned;
DROP INDEX customer_ref_leader;
CREATE INDEX customer_ref_leader ON customer_ref (leader_id);

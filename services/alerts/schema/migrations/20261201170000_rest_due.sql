-- migrate:up
-- When something other than an item is due next, at the earliest. Of rows of earlier builds, it is next_due_at.
ALTER TABLE silence ADD COLUMN rest_due_at timestamptz;

-- migrate:down
ALTER TABLE silence DROP COLUMN rest_due_at;

-- migrate:up

-- By which rule somebody was given a task, and for whom while that one is away.
ALTER TABLE task ADD COLUMN assignment text, ADD COLUMN stands_in_for text;

-- migrate:down
ALTER TABLE task DROP COLUMN assignment, DROP COLUMN stands_in_for;

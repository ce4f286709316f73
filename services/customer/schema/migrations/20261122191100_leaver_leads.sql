-- migrate:up

-- Who leads those whom a leaver led, and the customers of a batch that names them.
ALTER TABLE handover_batch ADD COLUMN to_leader_id text, ADD COLUMN customer_ids uuid[];

-- migrate:down
ALTER TABLE handover_batch DROP COLUMN to_leader_id, DROP COLUMN customer_ids;

-- migrate:up

-- Who came back after that has not left. The events arrive on several partitions, in no common order.
ALTER TABLE leaver ADD COLUMN returned_at timestamptz NOT NULL DEFAULT '-infinity';

-- migrate:down
ALTER TABLE leaver DROP COLUMN returned_at;

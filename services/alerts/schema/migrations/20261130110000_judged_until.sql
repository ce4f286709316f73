-- migrate:up

-- When a customer was judged last depends on the looks. What is in `rest` follows from the facts alone.
ALTER TABLE silence ADD COLUMN judged_until timestamptz;

-- migrate:down

ALTER TABLE silence DROP COLUMN judged_until;

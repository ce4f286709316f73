-- migrate:up
ALTER TABLE customer
    ADD COLUMN price_list text,
    ADD COLUMN reviewed_at timestamptz;

-- migrate:down
ALTER TABLE customer
    DROP COLUMN price_list,
    DROP COLUMN reviewed_at;

-- migrate:up
ALTER TABLE customer
    ADD COLUMN interests text[],
    ADD COLUMN buying_cycle text,
    ADD COLUMN order_size text,
    ADD COLUMN customer_kind text,
    ADD COLUMN potential text,
    ADD COLUMN influence text,
    ADD COLUMN cooperation_since date;

-- migrate:down
ALTER TABLE customer
    DROP COLUMN interests,
    DROP COLUMN buying_cycle,
    DROP COLUMN order_size,
    DROP COLUMN customer_kind,
    DROP COLUMN potential,
    DROP COLUMN influence,
    DROP COLUMN cooperation_since;

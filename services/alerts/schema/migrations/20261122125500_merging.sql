-- migrate:up

-- Duplicates are merged into this customer: what is heard of them comes in on other partitions, too (ADR 0013).
ALTER TABLE silence ADD COLUMN absorbs boolean NOT NULL DEFAULT false;

-- migrate:down
ALTER TABLE silence DROP COLUMN absorbs;

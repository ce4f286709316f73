-- migrate:up

-- The digest of each rule of the book, by its id: a later sweep evaluates only the rules that have changed.
ALTER TABLE rule_sweep ADD COLUMN digests jsonb;

-- migrate:down
ALTER TABLE rule_sweep DROP COLUMN digests;

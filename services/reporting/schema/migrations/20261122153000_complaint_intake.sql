-- migrate:up
ALTER TABLE complaint ADD COLUMN intake text, ADD COLUMN partner text;

-- migrate:down
DROP VIEW IF EXISTS bi.fct_complaints;
ALTER TABLE complaint DROP COLUMN intake, DROP COLUMN partner;

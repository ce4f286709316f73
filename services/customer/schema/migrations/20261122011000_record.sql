-- migrate:up
ALTER TABLE customer ADD COLUMN key_contacts jsonb NOT NULL DEFAULT '{}';

-- migrate:down
ALTER TABLE customer DROP COLUMN key_contacts;

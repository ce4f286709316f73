-- migrate:up

-- The ids of a customer's key contacts, also of removed ones. NULL: not known before a rebuild of the read model.
ALTER TABLE customer_ref ADD COLUMN key_contact_ids uuid[];

-- migrate:down
ALTER TABLE customer_ref DROP COLUMN key_contact_ids;

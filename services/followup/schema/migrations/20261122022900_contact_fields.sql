-- migrate:up

-- What a contact says beside the fields that all contacts have, and under which version of the form.
ALTER TABLE contact ADD COLUMN form_number integer, ADD COLUMN fields jsonb NOT NULL DEFAULT '[]';

-- migrate:down
ALTER TABLE contact DROP COLUMN form_number, DROP COLUMN fields;

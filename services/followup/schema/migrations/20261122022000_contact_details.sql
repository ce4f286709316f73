-- migrate:up

-- What a contact was to achieve, how it went, and what it leads to.
ALTER TABLE contact
    ADD COLUMN goal_ref         uuid,
    ADD COLUMN sentiment        text,
    ADD COLUMN key_contact_id   uuid,
    ADD COLUMN attachments      jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN next_step        text,
    ADD COLUMN next_step_due_at timestamptz;

-- migrate:down
ALTER TABLE contact
    DROP COLUMN goal_ref, DROP COLUMN sentiment, DROP COLUMN key_contact_id, DROP COLUMN attachments,
    DROP COLUMN next_step, DROP COLUMN next_step_due_at;

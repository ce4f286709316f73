-- migrate:up

-- What has been purged here: one row for each erasure, named by the customer and the version of its stream that asked
-- for it. Where `person_id` is empty all words of the customer are gone, else those about one of its key contacts.
CREATE TABLE purge (
    subject   uuid        NOT NULL,
    version   integer     NOT NULL,
    person_id uuid,
    entries   integer     NOT NULL,
    purged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (subject, version)
);
CREATE INDEX purge_person ON purge (person_id) WHERE person_id IS NOT NULL;

-- A word that comes late has no place to stay. Both appends and purges hold the row of store_head, so one of them sees
-- what the other did.
CREATE FUNCTION refuse_words_of_the_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM purge p WHERE p.subject = NEW.subject AND p.person_id IS NULL) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER vault_of_the_erased BEFORE INSERT ON vault
    FOR EACH ROW EXECUTE FUNCTION refuse_words_of_the_erased();

GRANT SELECT, INSERT ON purge TO care_app;
GRANT DELETE ON vault TO care_app;

-- migrate:down
REVOKE DELETE ON vault FROM care_app;
DROP TRIGGER vault_of_the_erased ON vault;
DROP FUNCTION refuse_words_of_the_erased;
DROP TABLE purge;

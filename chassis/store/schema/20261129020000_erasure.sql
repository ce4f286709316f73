-- migrate:up

-- An erasure has one name everywhere.
ALTER TABLE purge RENAME TO erasure;
ALTER TABLE erasure RENAME COLUMN purged_at TO erased_at;
ALTER INDEX purge_pkey RENAME TO erasure_pkey;
ALTER INDEX purge_person RENAME TO erasure_person;

CREATE OR REPLACE FUNCTION refuse_words_of_the_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM erasure e WHERE e.subject = NEW.subject AND e.person_id IS NULL) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;

-- migrate:down
CREATE OR REPLACE FUNCTION refuse_words_of_the_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM purge p WHERE p.subject = NEW.subject AND p.person_id IS NULL) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
ALTER INDEX erasure_person RENAME TO purge_person;
ALTER INDEX erasure_pkey RENAME TO purge_pkey;
ALTER TABLE erasure RENAME COLUMN erased_at TO purged_at;
ALTER TABLE erasure RENAME TO purge;

-- The roles of one PostgreSQL cluster. Run by its administrator; running it again changes nothing.
-- Databases and passwords are made by deploy/stack/databases.py: CREATE DATABASE stands outside transactions.
-- Tables are made by each service's migrations, as care_migrator, which grant what each role may do with them.

DO $$
DECLARE
    service text;
BEGIN
    -- The group that migrations grant to: what a running service may do.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'care_app') THEN
        CREATE ROLE care_app NOLOGIN;
    END IF;
    -- Owns the databases and every table in them. No running service logs in as it.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'care_migrator') THEN
        CREATE ROLE care_migrator LOGIN;
    END IF;
    FOREACH service IN ARRAY ARRAY['care_customer', 'care_followup', 'care_alerts', 'care_reporting'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service) THEN
            EXECUTE format('CREATE ROLE %I LOGIN IN ROLE care_app', service);
        END IF;
        -- The details of an error repeat the row that is at fault, and the server's log is no place for a name.
        -- Only a superuser may say so; elsewhere it is for the server's own settings.
        IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            EXECUTE format('ALTER ROLE %I SET log_error_verbosity = terse', service);
        END IF;
    END LOOP;
    -- BI tools log in as it. It reads what the reporting migrations grant to it, and nothing else.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bi_reader') THEN
        CREATE ROLE bi_reader LOGIN;
    END IF;
END
$$;

-- One careless dashboard must not take the service down with it.
ALTER ROLE bi_reader CONNECTION LIMIT 10;
ALTER ROLE bi_reader SET default_transaction_read_only = on;
ALTER ROLE bi_reader SET statement_timeout = '30s';

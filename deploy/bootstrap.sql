-- Creates the roles of a PostgreSQL cluster. Run it as administrator; running it again changes nothing.
-- deploy/stack/databases.py creates databases and passwords, because CREATE DATABASE cannot run in a transaction.
-- The migrations of each service create the tables as care_migrator and grant privileges on them.

DO $$
DECLARE
    service text;
BEGIN
    -- The group role of the running services. Migrations grant privileges to it.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'care_app') THEN
        CREATE ROLE care_app NOLOGIN;
    END IF;
    -- The owner of the databases and all tables. No running service logs in as this role.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'care_migrator') THEN
        CREATE ROLE care_migrator LOGIN;
    END IF;
    FOREACH service IN ARRAY ARRAY['care_customer', 'care_followup', 'care_alerts', 'care_reporting'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service) THEN
            EXECUTE format('CREATE ROLE %I LOGIN IN ROLE care_app', service);
        END IF;
        -- Error details contain the failing row. Personal data must not be in the server's log.
        -- Only a superuser may set this; otherwise set it in the server's configuration.
        IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            EXECUTE format('ALTER ROLE %I SET log_error_verbosity = terse', service);
        END IF;
    END LOOP;
    -- BI tools log in as this role. It can read only what the reporting migrations grant to it.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bi_reader') THEN
        CREATE ROLE bi_reader LOGIN;
    END IF;
    -- Tools that build models, such as dbt, log in as this role. It reads the same, and may create schemas of its own.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bi_builder') THEN
        CREATE ROLE bi_builder LOGIN IN ROLE bi_reader;
    END IF;
END
$$;

-- An expensive dashboard query must not overload the service.
ALTER ROLE bi_reader CONNECTION LIMIT 10;
ALTER ROLE bi_reader SET default_transaction_read_only = on;
ALTER ROLE bi_reader SET statement_timeout = '30s';
-- An idle transaction would block the next change of a view.
ALTER ROLE bi_reader SET idle_in_transaction_session_timeout = '60s';
-- A model may take longer than a dashboard, but not for ever.
ALTER ROLE bi_builder CONNECTION LIMIT 10;
ALTER ROLE bi_builder SET statement_timeout = '30min';
ALTER ROLE bi_builder SET idle_in_transaction_session_timeout = '60s';

-- migrate:up

-- What BI tools read: the views of schema/views, never tables. They belong to the migrator, so their reader needs no
-- right beneath.
CREATE SCHEMA bi;
GRANT USAGE ON SCHEMA bi TO bi_reader;

-- migrate:down
DROP SCHEMA bi CASCADE;

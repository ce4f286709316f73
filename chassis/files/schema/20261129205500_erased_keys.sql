-- migrate:up

-- Keyed ids of erased customers. A row that fails after the erasure keeps no cells, also one that was not stored then.
CREATE TABLE erased_import_key (
    key       uuid        PRIMARY KEY,
    erased_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT, UPDATE, DELETE ON erased_import_key TO care_app;

-- migrate:down
DROP TABLE erased_import_key;

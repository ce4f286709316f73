-- migrate:up

-- The segments of customers, each as its latest version; null for one that was removed.
CREATE TABLE segment (
    name text  PRIMARY KEY,
    data jsonb
);
GRANT SELECT, INSERT, UPDATE ON segment TO care_app;

-- migrate:down
DROP TABLE segment;

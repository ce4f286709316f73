-- migrate:up
-- Versions of plan templates and calendars that plans do not go by yet, until they are in force.
CREATE TABLE waiting_version (
    type           text        NOT NULL,
    name           text        NOT NULL,
    number         integer     NOT NULL,
    effective_from timestamptz NOT NULL,
    data           jsonb       NOT NULL,
    PRIMARY KEY (type, name, number)
);
GRANT SELECT, INSERT, DELETE ON waiting_version TO care_app;

-- migrate:down
DROP TABLE waiting_version;

-- migrate:up

-- What the services that take no personal words answer to an erasure, from their own topics. It stands apart from
-- `purge_answer`, which is made again from followup's topic alone.
CREATE TABLE purge_confirmation (
    erasure_id uuid        NOT NULL,
    service    text        NOT NULL,
    entries    integer     NOT NULL,
    heard_at   timestamptz NOT NULL,
    PRIMARY KEY (erasure_id, service)
);
GRANT SELECT, INSERT ON purge_confirmation TO care_app;

-- migrate:down
DROP TABLE purge_confirmation;

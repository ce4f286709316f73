-- migrate:up

-- A file taken in: its rows go through the same command path as single requests.
CREATE TABLE import_batch (
    id           uuid        PRIMARY KEY,
    created_by   text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    rows         integer     NOT NULL,
    status       text        NOT NULL DEFAULT 'pending',
    leased_until timestamptz NOT NULL DEFAULT '-infinity',
    ended_at     timestamptz
);

-- `cells` may hold personal words; they are emptied once the row is done.
CREATE TABLE import_row (
    batch_id uuid    NOT NULL REFERENCES import_batch,
    number   integer NOT NULL,
    cells    jsonb   NOT NULL,
    outcome  text    NOT NULL DEFAULT 'waiting',
    status   smallint,
    subject  uuid,
    problem  jsonb,
    PRIMARY KEY (batch_id, number)
);
CREATE INDEX import_row_waiting ON import_row (batch_id, number) WHERE outcome = 'waiting';

GRANT SELECT, INSERT, UPDATE ON import_batch, import_row TO care_app;

-- migrate:down
DROP TABLE import_row, import_batch;

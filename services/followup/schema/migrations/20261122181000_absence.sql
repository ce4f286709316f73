-- migrate:up

-- Who is away from when to when, kept in step with the log; rebuilt from it at any time.
CREATE TABLE absence (
    absence_id   uuid        PRIMARY KEY,
    version      integer     NOT NULL,
    employee_id  text        NOT NULL,
    first_day    date        NOT NULL,
    last_day     date        NOT NULL,
    zone         text        NOT NULL,
    stand_in_id  text,
    reason       text,
    starts_at    timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL,
    noted_at     timestamptz NOT NULL,
    cancelled_at timestamptz
);
CREATE INDEX absence_time ON absence (starts_at, absence_id);
CREATE INDEX absence_employee ON absence (employee_id, starts_at, absence_id);
CREATE INDEX absence_stand_in ON absence (stand_in_id, ends_at) WHERE cancelled_at IS NULL;

-- Who has left, as far as a handover of everything said so.
CREATE TABLE leaver (
    employee_id text        PRIMARY KEY,
    left_at     timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON absence, leaver TO care_app;

-- migrate:down
DROP TABLE absence, leaver;

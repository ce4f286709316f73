-- migrate:up

-- One row per survey sent, kept in step with the log; rebuilt from it at any time.
CREATE TABLE survey (
    survey_id      uuid        PRIMARY KEY,
    version        integer     NOT NULL,
    customer_id    uuid        NOT NULL,
    survey         text        NOT NULL,
    kind           text        NOT NULL,
    lowest         integer     NOT NULL,
    highest        integer     NOT NULL,
    anonymous      boolean     NOT NULL,
    channel        text,
    key_contact_id uuid,
    step           text,
    about_id       uuid,
    sent_at        timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    answered_at    timestamptz,
    score          integer,
    comment_ref    uuid
);
CREATE INDEX survey_time ON survey (sent_at, survey_id);
CREATE INDEX survey_customer ON survey (customer_id, sent_at, survey_id);

-- What was answered anonymously: no customer, no time.
CREATE TABLE anonymous_answer (
    answer_id   uuid    PRIMARY KEY,
    survey      text    NOT NULL,
    kind        text    NOT NULL,
    lowest      integer NOT NULL,
    highest     integer NOT NULL,
    score       integer NOT NULL,
    comment_ref uuid
);

GRANT SELECT, INSERT, UPDATE ON survey, anonymous_answer TO care_app;

-- migrate:down
DROP TABLE survey, anonymous_answer;

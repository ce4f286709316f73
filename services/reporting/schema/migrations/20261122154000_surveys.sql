-- migrate:up

-- What customers were asked, and what they answered by name. Of an anonymous survey it is never known whether it was answered.
CREATE TABLE survey (
    survey_id    uuid        PRIMARY KEY,
    customer_id  uuid        NOT NULL,
    survey       text        NOT NULL,
    kind         text        NOT NULL,
    lowest       integer     NOT NULL,
    highest      integer     NOT NULL,
    is_anonymous boolean     NOT NULL,
    channel      text,
    step         text,
    about_id     uuid,
    sent_at      timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    answered_at  timestamptz,
    score        integer
);
CREATE INDEX survey_customer ON survey (customer_id, sent_at);

INSERT INTO survey (survey_id, customer_id, survey, kind, lowest, highest, is_anonymous, channel, step, about_id, sent_at,
    expires_at)
SELECT stream_id, customer_id, data #>> '{question,survey}', data #>> '{question,kind}',
    (data #>> '{question,lowest}')::integer, (data #>> '{question,highest}')::integer,
    coalesce((data ->> 'anonymous')::boolean, false), data ->> 'channel', data ->> 'step', (data ->> 'about_id')::uuid,
    occurred_at, (data ->> 'expires_at')::timestamptz
FROM timeline WHERE type = 'care.followup.survey-sent.v1';

GRANT SELECT, INSERT, UPDATE ON survey TO care_app;

-- migrate:down
DROP VIEW IF EXISTS bi.fct_surveys;
DROP TABLE survey;

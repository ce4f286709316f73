-- migrate:up

-- How far a consumer has applied a partition; moved in the transaction that holds the effect.
-- `watermark`: nothing recorded before it is missing.
CREATE TABLE consumer_position (
    consumer  text        NOT NULL,
    topic     text        NOT NULL,
    partition integer     NOT NULL,
    position  bigint      NOT NULL,
    watermark timestamptz NOT NULL,
    PRIMARY KEY (consumer, topic, partition)
) WITH (fillfactor = 20);

-- Events set aside, in order, because one of their customer could not be applied.
CREATE TABLE parked_event (
    consumer    text        NOT NULL,
    topic       text        NOT NULL,
    partition   integer     NOT NULL,
    position    bigint      NOT NULL,
    subject     uuid        NOT NULL,
    headers     jsonb       NOT NULL,
    value       bytea,
    reason      text        NOT NULL,
    parked_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, topic, position)
);
CREATE INDEX parked_event_subject ON parked_event (consumer, subject);

GRANT SELECT, INSERT, UPDATE ON consumer_position TO care_app;
GRANT SELECT, INSERT, DELETE, UPDATE ON parked_event TO care_app;

-- migrate:down
DROP TABLE consumer_position, parked_event;

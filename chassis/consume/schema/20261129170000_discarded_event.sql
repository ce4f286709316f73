-- migrate:up

-- The places of parked events that an operator discarded: a rebuild, which reads them again, does not park them again.
CREATE TABLE discarded_event (
    consumer  text    NOT NULL,
    topic     text    NOT NULL,
    partition integer NOT NULL,
    position  bigint  NOT NULL,
    PRIMARY KEY (consumer, topic, partition, position)
);

GRANT SELECT, INSERT ON discarded_event TO care_app;

-- migrate:down
DROP TABLE discarded_event;

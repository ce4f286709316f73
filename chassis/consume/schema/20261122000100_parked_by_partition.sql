-- migrate:up

-- A record that names no position is told apart by its offset, which only its partition makes unique.
ALTER TABLE parked_event DROP CONSTRAINT parked_event_pkey,
    ADD PRIMARY KEY (consumer, topic, partition, position);

-- migrate:down
ALTER TABLE parked_event DROP CONSTRAINT parked_event_pkey, ADD PRIMARY KEY (consumer, topic, position);

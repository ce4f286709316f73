-- migrate:up

-- Messages of other systems are retried while they are new, and deleted when they are old.
CREATE INDEX parked_event_parked_at ON parked_event (consumer, parked_at);

-- migrate:down
DROP INDEX parked_event_parked_at;

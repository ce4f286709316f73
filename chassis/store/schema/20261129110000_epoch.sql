-- migrate:up

-- The epoch of the store: every record carries it. A restore from an older copy begins a new one (ADR 0027).
CREATE TABLE store_epoch (
    singleton boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch     uuid        NOT NULL DEFAULT gen_random_uuid(),
    began_at  timestamptz NOT NULL DEFAULT now()
);
INSERT INTO store_epoch DEFAULT VALUES;
GRANT SELECT ON store_epoch TO care_app;

-- Watermarks have a topic of their own, so a topic of events without a record has lost all its events.
ALTER TABLE relay_partition DROP COLUMN refilled_offset;

-- A state has the form of a record, so that it is published as it is. A state that cannot be read stays as it is.
CREATE FUNCTION pg_temp.structured(state bytea) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    written text := convert_from(state, 'UTF8');
    start integer := position(',"data":' IN written);
    old json := (left(written, start - 1) || '}')::json;
    metadata json := old -> 'metadata';
BEGIN
    RETURN convert_to(concat(
        '{"id":', old -> 'id', ',"time":', old -> 'occurred_at',
        ',"actor":', metadata -> 'actor', ',"correlationid":', metadata -> 'correlation_id',
        ',"causationid":' || (metadata -> 'causation_id')::text,
        ',"traceparent":' || (metadata -> 'traceparent')::text,
        ',"batchid":' || (metadata #> '{origin,batch_id}')::text,
        ',"batchrow":"' || (metadata #>> '{origin,row}') || '"',
        substr(written, start)
    ), 'UTF8');
EXCEPTION WHEN others THEN
    RETURN state;
END $$;
UPDATE event SET state = pg_temp.structured(state) WHERE position(convert_to('"metadata":{', 'UTF8') IN state) > 0;

-- migrate:down

CREATE FUNCTION pg_temp.nested(state bytea) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    written text := convert_from(state, 'UTF8');
    start integer := position(',"data":' IN written);
    new json := (left(written, start - 1) || '}')::json;
BEGIN
    RETURN convert_to(concat(
        '{"id":', new -> 'id', ',"occurred_at":', new -> 'time',
        ',"metadata":{"actor":', new -> 'actor', ',"correlation_id":', new -> 'correlationid',
        ',"causation_id":' || (new -> 'causationid')::text,
        ',"traceparent":' || (new -> 'traceparent')::text,
        ',"origin":{"batch_id":' || (new -> 'batchid')::text || ',"row":' || (new ->> 'batchrow') || '}',
        '}', substr(written, start)
    ), 'UTF8');
EXCEPTION WHEN others THEN
    RETURN state;
END $$;
UPDATE event SET state = pg_temp.nested(state) WHERE position(convert_to('"correlationid":', 'UTF8') IN state) > 0;

ALTER TABLE relay_partition ADD COLUMN refilled_offset bigint NOT NULL DEFAULT 0;
DROP TABLE store_epoch;

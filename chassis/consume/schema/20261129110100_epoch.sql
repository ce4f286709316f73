-- migrate:up

-- The epoch of the store that the applied events came from, and the id of the last of them; null: none is known.
ALTER TABLE consumer_position ADD COLUMN epoch uuid, ADD COLUMN event_id uuid;

-- A parked record of ours is its value: a CloudEvent in structured mode. One that cannot be converted stays as it is.
CREATE FUNCTION pg_temp.structured(headers jsonb, value bytea) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    attributes text := (
        SELECT string_agg(to_json(replace(key, 'ce_', ''))::text || ':' || value::text, ',')
        FROM jsonb_each(headers) WHERE key LIKE 'ce\_%' OR key = 'traceparent'
    );
    data text := ',"data":' || convert_from(value, 'UTF8');
BEGIN
    RETURN convert_to(('{' || attributes || coalesce(data, '') || '}')::json::text, 'UTF8');
EXCEPTION WHEN others THEN
    RETURN value;
END $$;
UPDATE parked_event SET headers = '{}', value = pg_temp.structured(headers, value) WHERE headers ? 'ce_position';

-- migrate:down

-- Records that were parked in structured mode stay as they are; the build before this one cannot replay them.
ALTER TABLE consumer_position DROP COLUMN epoch, DROP COLUMN event_id;

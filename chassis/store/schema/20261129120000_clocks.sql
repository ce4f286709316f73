-- migrate:up

-- How far the clock of the database, the clock of a writing process and the last recorded instant may be apart.
CREATE FUNCTION max_clock_difference() RETURNS interval
LANGUAGE sql IMMUTABLE AS $$ SELECT interval '60 seconds' $$;

-- Raises CK001 if the clocks of the database and of the calling process disagree: then one of them is wrong, and what
-- would be recorded now could lie days ahead.
CREATE FUNCTION check_clock(process_instant timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    ahead interval := clock_timestamp() - process_instant;
BEGIN
    IF ahead > max_clock_difference() OR ahead < -max_clock_difference() THEN
        RAISE EXCEPTION 'the clock of the database is % s % the clock of this process',
            abs(extract(epoch FROM ahead))::bigint, CASE WHEN ahead > interval '0' THEN 'ahead of' ELSE 'behind' END
            USING ERRCODE = 'CK001';
    END IF;
END $$;

-- The last position, and the instant at which the next event is recorded: not before any event or watermark. Under the
-- lock only. Raises CK001 if the clock has stepped back too far: until it had caught up, all events would be recorded
-- at the same instant of the future.
CREATE OR REPLACE FUNCTION store_end(OUT head bigint, OUT instant timestamptz)
LANGUAGE plpgsql
AS $$
DECLARE
    present timestamptz := clock_timestamp();
BEGIN
    SELECT e.position, e.recorded_at INTO head, instant FROM event e ORDER BY e.position DESC LIMIT 1;
    head := coalesce(head, 0);
    instant := greatest(instant, (
        SELECT timestamptz 'epoch' + s.last_value * interval '1 microsecond' FROM store_watermark_instant s
    ));
    IF instant > present + max_clock_difference() THEN
        RAISE EXCEPTION 'the store ends % s after the current time of the database',
            extract(epoch FROM instant - present)::bigint USING ERRCODE = 'CK001';
    END IF;
    instant := greatest(instant, present);
END $$;

-- As store_watermark, which moves the instant of the last watermark for good, but only if the clocks agree.
CREATE FUNCTION checked_watermark(process_instant timestamptz) RETURNS TABLE (head bigint, complete_until timestamptz)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM check_clock(process_instant);
    RETURN QUERY SELECT * FROM store_watermark();
END $$;

-- For the owner, when the clock was ahead and is right again: events recorded after the present are recorded now. They
-- are the last ones, so the order of the recorded times stays. Returns how many there were.
CREATE FUNCTION correct_future_times() RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    present timestamptz;
    changed bigint;
BEGIN
    PERFORM lock_store();
    present := clock_timestamp();
    UPDATE event SET recorded_at = present WHERE recorded_at > present;
    GET DIAGNOSTICS changed = ROW_COUNT;
    PERFORM setval('store_watermark_instant', (extract(epoch FROM present) * 1000000)::bigint);
    UPDATE consumer_position SET watermark = present WHERE watermark > present;
    RETURN changed;
END $$;

REVOKE ALL ON FUNCTION correct_future_times FROM PUBLIC;
GRANT EXECUTE ON FUNCTION max_clock_difference, check_clock, checked_watermark TO care_app;

-- migrate:down
DROP FUNCTION correct_future_times, checked_watermark;
CREATE OR REPLACE FUNCTION store_end(OUT head bigint, OUT instant timestamptz)
LANGUAGE plpgsql
AS $$
BEGIN
    SELECT e.position, e.recorded_at INTO head, instant FROM event e ORDER BY e.position DESC LIMIT 1;
    head := coalesce(head, 0);
    instant := greatest(instant, clock_timestamp(), (
        SELECT timestamptz 'epoch' + s.last_value * interval '1 microsecond' FROM store_watermark_instant s
    ));
END $$;
DROP FUNCTION check_clock, max_clock_difference;

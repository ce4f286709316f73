-- migrate:up

-- When the next rung of an open alert is due.
CREATE TABLE alert_ladder (
    alert_id     uuid        PRIMARY KEY,
    customer_id  uuid        NOT NULL,
    rule_id      text        NOT NULL,
    next_rung_at timestamptz NOT NULL
);
CREATE INDEX alert_ladder_mute ON alert_ladder (customer_id, rule_id);
CREATE INDEX alert_ladder_due ON alert_ladder (next_rung_at);
CREATE INDEX fact_calendar ON fact ((data ->> 'name'), position) WHERE type = 'care.followup.calendar-published.v1';
CREATE INDEX fact_stand_in ON fact ((data ->> 'stand_in_id'))
    WHERE type IN ('care.followup.absence-noted.v1', 'care.followup.absence-changed.v1');

GRANT SELECT, INSERT, UPDATE, DELETE ON alert_ladder TO care_app;

-- migrate:down
DROP INDEX fact_stand_in, fact_calendar;
DROP TABLE alert_ladder;

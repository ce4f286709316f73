-- migrate:up

-- Changes of alerts whose events are still to be appended, because their customer has very many at once. Those of one
-- alert are appended in the order of their numbers. `customer_id` has the alert after the change.
CREATE TABLE pending_change (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id    uuid   NOT NULL,
    customer_id uuid   NOT NULL,
    change      bytea  NOT NULL
);
CREATE INDEX pending_change_alert ON pending_change (alert_id, number);
CREATE INDEX pending_change_customer ON pending_change (customer_id, number);

-- Rows are locked in order before they are deleted, which needs UPDATE.
GRANT SELECT, INSERT, UPDATE, DELETE ON pending_change TO care_app;

-- migrate:down
DROP TABLE pending_change;

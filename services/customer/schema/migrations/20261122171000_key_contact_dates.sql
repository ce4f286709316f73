-- migrate:up

-- Where the important dates of key contacts stand in the vault. No day is kept here.
CREATE TABLE key_contact_dates (
    key_contact_id uuid PRIMARY KEY,
    customer_id    uuid NOT NULL,
    dates_ref      uuid
);
GRANT SELECT, INSERT, UPDATE ON key_contact_dates TO care_app;

-- migrate:down
DROP TABLE key_contact_dates;

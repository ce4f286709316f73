-- migrate:up
ALTER TABLE customer ADD COLUMN numbers jsonb NOT NULL DEFAULT '[]';

-- Which customer a number of another system leads to. The number's id is derived from both (ADR 0005).
CREATE TABLE customer_reference (
    number_id   uuid PRIMARY KEY,
    customer_id uuid NOT NULL
);
INSERT INTO customer_reference SELECT customer_id, customer_id FROM customer WHERE external_id IS NOT NULL;
UPDATE customer SET numbers = jsonb_build_array(jsonb_build_object('system', external_system, 'id', external_id))
    WHERE external_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON customer_reference TO care_app;

-- migrate:down
DROP TABLE customer_reference;
ALTER TABLE customer DROP COLUMN numbers;

-- migrate:up

-- The customer as the policy knows it, whole: what the list of customers gains is no column here.
DROP TABLE plan_customer;
CREATE TABLE plan_customer (
    customer_id uuid  PRIMARY KEY,
    data        jsonb NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON plan_customer TO care_app;

-- migrate:down
DROP TABLE plan_customer;
CREATE TABLE plan_customer (LIKE customer_ref INCLUDING ALL);

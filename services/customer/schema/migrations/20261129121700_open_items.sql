-- migrate:up

-- A customer's open items are counted before another one is added, however many are closed.
CREATE INDEX customer_order_open_customer ON customer_order (customer_id) WHERE state = 'placed';
CREATE INDEX contract_running_customer ON contract (customer_id) WHERE ended_at IS NULL;

-- migrate:down
DROP INDEX customer_order_open_customer, contract_running_customer;

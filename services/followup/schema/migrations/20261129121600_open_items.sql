-- migrate:up

-- A customer's open items are counted before another one is added, however many are closed.
CREATE INDEX task_open_customer ON task (customer_id) WHERE state = 'open';
CREATE INDEX complaint_unsettled_customer ON complaint (customer_id) WHERE state <> 'closed';
CREATE INDEX survey_unanswered_customer ON survey (customer_id, expires_at) WHERE answered_at IS NULL;

-- migrate:down
DROP INDEX task_open_customer, complaint_unsettled_customer, survey_unanswered_customer;

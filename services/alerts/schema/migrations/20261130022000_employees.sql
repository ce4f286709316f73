-- migrate:up

-- Whether an employee has left, and when employees are absent.
CREATE INDEX fact_employee ON fact ((data ->> 'employee_id')) WHERE type IN (
    'care.customer.employee-left.v1', 'care.customer.employee-returned.v1', 'care.followup.absence-noted.v1',
    'care.followup.absence-changed.v1', 'care.followup.absence-cancelled.v1'
);

-- migrate:down
DROP INDEX fact_employee;

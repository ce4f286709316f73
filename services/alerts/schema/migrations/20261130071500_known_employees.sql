-- migrate:up

-- The employees whom events name: as owner, leader or helper of a customer, in the list of employees, in absences.
CREATE INDEX IF NOT EXISTS fact_named_employee ON fact USING gin ((ARRAY[
    data ->> 'employee_id', data ->> 'owner_id', data ->> 'leader_id', data ->> 'stand_in_id'
])) WHERE type IN (
    'care.customer.owner-assigned.v1', 'care.customer.helper-added.v1', 'care.customer.employee-left.v1',
    'care.customer.employee-returned.v1', 'care.customer.employee-leader-changed.v1',
    'care.followup.absence-noted.v1', 'care.followup.absence-changed.v1'
);

-- migrate:down
DROP INDEX fact_named_employee;

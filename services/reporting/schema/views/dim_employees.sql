CREATE OR REPLACE VIEW bi.dim_employees AS
SELECT seen.employee_id, bool_or(seen.part = 'owner') AS is_owner, bool_or(seen.part = 'leader') AS is_leader,
    bool_or(seen.part = 'active') AS has_activity, bool_or(seen.part = 'helper') AS is_helper
FROM (
    SELECT owner_id AS employee_id, 'owner' AS part FROM customer
    UNION SELECT leader_id, 'leader' FROM customer
    UNION SELECT unnest(helper_ids), 'helper' FROM customer
    UNION SELECT employee_id, 'active' FROM contact
    UNION SELECT assignee_id, 'active' FROM task
    UNION SELECT completed_by, 'active' FROM task
    UNION SELECT owner_id, 'active' FROM complaint
    UNION SELECT answered_by, 'active' FROM complaint
    UNION SELECT owner_id, 'active' FROM alert
) seen
WHERE seen.employee_id IS NOT NULL
GROUP BY seen.employee_id;

COMMENT ON VIEW bi.dim_employees IS
    'One row per employee id in any fact; names are not stored here / 员工维度：事实中出现过的每个工号一行；姓名不在此保存';
COMMENT ON COLUMN bi.dim_employees.employee_id IS 'The employee / 员工工号';
COMMENT ON COLUMN bi.dim_employees.is_owner IS 'Owns a customer now / 当前是否为客户负责人';
COMMENT ON COLUMN bi.dim_employees.is_leader IS 'Leads the owner of a customer now / 当前是否为负责人的主管';
COMMENT ON COLUMN bi.dim_employees.has_activity IS
    'Appears in a contact, follow-up, complaint or alert / 是否出现在沟通、跟进、投诉或预警中';
COMMENT ON COLUMN bi.dim_employees.is_helper IS 'Helps with a customer now / 当前是否为客户协作人';

GRANT SELECT ON bi.dim_employees TO bi_reader;

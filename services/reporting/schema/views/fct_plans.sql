CREATE OR REPLACE VIEW bi.fct_plans AS
SELECT p.plan_id, p.customer_id, p.template AS template_name, p.number AS template_version, p.tier, p.started_at,
    (p.started_at AT TIME ZONE z.zone)::date AS started_date, p.anchor_at, p.changed_times AS changed_count, p.ended_at,
    p.end_reason, p.ended_at IS NULL AS is_running, t.followup_count, t.done_count, t.cancelled_count
FROM plan p CROSS JOIN (SELECT zone FROM business_zone LIMIT 1) z LEFT JOIN LATERAL (
    SELECT count(*) AS followup_count, count(t.completed_at) AS done_count, count(t.cancelled_at) AS cancelled_count
    FROM task t WHERE t.customer_id = p.customer_id AND t.plan_id = p.plan_id
) t ON true;

COMMENT ON VIEW bi.fct_plans IS
    'One row per follow-up plan of a customer, updated until it ends (accumulating) / 跟进计划事实：客户的每个计划一行，从开始到结束累积更新';
COMMENT ON COLUMN bi.fct_plans.plan_id IS 'The plan / 计划编号';
COMMENT ON COLUMN bi.fct_plans.customer_id IS 'The customer / 客户 ID';
COMMENT ON COLUMN bi.fct_plans.template_name IS 'The template it follows / 计划模板';
COMMENT ON COLUMN bi.fct_plans.template_version IS 'Last version of the template / 模板版本（最近适用）';
COMMENT ON COLUMN bi.fct_plans.tier IS 'Last tier / 客户分层（最近适用）';
COMMENT ON COLUMN bi.fct_plans.started_at IS 'When it started, UTC / 开始时间（UTC）';
COMMENT ON COLUMN bi.fct_plans.started_date IS 'The same as a date in the business zone / 开始日期（业务时区）';
COMMENT ON COLUMN bi.fct_plans.anchor_at IS 'The time from which its steps are counted, UTC / 各步骤的起算时间（UTC）';
COMMENT ON COLUMN bi.fct_plans.changed_count IS 'How often version or tier changed / 变更次数';
COMMENT ON COLUMN bi.fct_plans.ended_at IS 'When it ended, UTC / 结束时间（UTC）';
COMMENT ON COLUMN bi.fct_plans.end_reason IS 'Why it ended / 结束原因';
COMMENT ON COLUMN bi.fct_plans.is_running IS 'Not ended yet / 是否进行中';
COMMENT ON COLUMN bi.fct_plans.followup_count IS 'Number of follow-ups created / 已生成的跟进数';
COMMENT ON COLUMN bi.fct_plans.done_count IS 'How many of them were completed / 其中已完成数';
COMMENT ON COLUMN bi.fct_plans.cancelled_count IS 'How many of them were cancelled / 其中已取消数';

GRANT SELECT ON bi.fct_plans TO bi_reader;

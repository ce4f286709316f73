CREATE OR REPLACE VIEW bi.fct_followups AS
SELECT t.task_id AS followup_id, t.customer_id, t.assignee_id, t.purpose, t.scheduled_at,
    (t.scheduled_at AT TIME ZONE z.zone)::date AS scheduled_date, t.first_due_at, t.due_at,
    (t.due_at AT TIME ZONE z.zone)::date AS due_date, t.rescheduled_times, t.completed_at,
    (t.completed_at AT TIME ZONE z.zone)::date AS completed_date, t.completed_by AS completed_by_id, t.outcome,
    t.cancelled_at, t.was_on_time AS is_on_time, t.cancelled_at IS NOT NULL AS is_cancelled,
    t.completed_at IS NULL AND t.cancelled_at IS NULL AS is_open,
    t.completed_at IS NULL AND t.cancelled_at IS NULL AND t.due_at < now() AS is_overdue,
    t.channel, t.plan_id, t.plan_step, t.reassigned_times
FROM task t CROSS JOIN (SELECT zone FROM business_zone LIMIT 1) z;

COMMENT ON VIEW bi.fct_followups IS
    'One row per follow-up, updated until it ends (accumulating) / 跟进事实：每个跟进任务一行，从安排到结束累积更新';
COMMENT ON COLUMN bi.fct_followups.followup_id IS 'The follow-up / 跟进任务编号';
COMMENT ON COLUMN bi.fct_followups.customer_id IS 'The customer / 客户 ID';
COMMENT ON COLUMN bi.fct_followups.assignee_id IS 'The assignee / 执行人工号';
COMMENT ON COLUMN bi.fct_followups.purpose IS 'Purpose / 目的';
COMMENT ON COLUMN bi.fct_followups.scheduled_at IS 'When it was scheduled, UTC / 安排时间（UTC）';
COMMENT ON COLUMN bi.fct_followups.scheduled_date IS 'The same as a date in the business zone / 安排日期（业务时区）';
COMMENT ON COLUMN bi.fct_followups.first_due_at IS 'When it was first due, UTC / 最初到期时间（UTC）';
COMMENT ON COLUMN bi.fct_followups.due_at IS 'When it is due now, UTC / 当前到期时间（UTC）';
COMMENT ON COLUMN bi.fct_followups.due_date IS 'The same as a date in the business zone / 到期日期（业务时区）';
COMMENT ON COLUMN bi.fct_followups.rescheduled_times IS 'How often it was rescheduled / 改期次数';
COMMENT ON COLUMN bi.fct_followups.completed_at IS 'When it was completed, UTC / 完成时间（UTC）';
COMMENT ON COLUMN bi.fct_followups.completed_date IS 'The same as a date in the business zone / 完成日期（业务时区）';
COMMENT ON COLUMN bi.fct_followups.completed_by_id IS 'Who completed it / 完成人工号';
COMMENT ON COLUMN bi.fct_followups.outcome IS 'Outcome / 结果';
COMMENT ON COLUMN bi.fct_followups.cancelled_at IS 'When it was cancelled, UTC / 取消时间（UTC）';
COMMENT ON COLUMN bi.fct_followups.is_on_time IS 'Completed at or before its due time; empty until completed / 是否按时完成；未完成时为空';
COMMENT ON COLUMN bi.fct_followups.is_cancelled IS 'Cancelled / 是否已取消';
COMMENT ON COLUMN bi.fct_followups.is_open IS 'Neither completed nor cancelled / 是否未完成且未取消';
COMMENT ON COLUMN bi.fct_followups.is_overdue IS 'Open and past its due time at the time of reading / 读取时是否已逾期';
COMMENT ON COLUMN bi.fct_followups.channel IS 'How it is to be done, where that was said / 约定渠道（如有）';
COMMENT ON COLUMN bi.fct_followups.plan_id IS 'The plan that asked for it, if any / 所属跟进计划（如有）';
COMMENT ON COLUMN bi.fct_followups.plan_step IS 'The step of that plan / 计划步骤';
COMMENT ON COLUMN bi.fct_followups.reassigned_times IS 'How often it passed to somebody else / 转交次数';

GRANT SELECT ON bi.fct_followups TO bi_reader;

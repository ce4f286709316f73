-- migrate:up

CREATE OR REPLACE VIEW bi.dim_customers AS
SELECT c.customer_id, c.kind AS customer_kind, c.company_name, c.stage, c.mode, c.stage_since AS stage_since_at,
    c.tiers ->> 'default' AS tier, c.tiers ->> 'abc' AS tier_abc, c.owner_id, c.leader_id, c.need_type, c.industry,
    c.region, c.work_status, c.registered_at, (c.registered_at AT TIME ZONE z.zone)::date AS registered_date,
    greatest(c.last_contacted_at, h.last_human_contact_at) AS last_contact_at, h.last_human_contact_at,
    c.owner_id IS NULL AS is_ownerless, cardinality(c.helper_ids) AS helper_count
FROM customer c CROSS JOIN business_zone z LEFT JOIN LATERAL (
    SELECT max(o.occurred_at) AS last_human_contact_at FROM contact o
    WHERE o.customer_id = c.customer_id AND NOT o.is_automated
) h ON true;

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

CREATE OR REPLACE VIEW bi.fct_followups AS
SELECT t.task_id AS followup_id, t.customer_id, t.assignee_id, t.purpose, t.scheduled_at,
    (t.scheduled_at AT TIME ZONE z.zone)::date AS scheduled_date, t.first_due_at, t.due_at,
    (t.due_at AT TIME ZONE z.zone)::date AS due_date, t.rescheduled_times, t.completed_at,
    (t.completed_at AT TIME ZONE z.zone)::date AS completed_date, t.completed_by AS completed_by_id, t.outcome,
    t.cancelled_at, t.was_on_time AS is_on_time, t.cancelled_at IS NOT NULL AS is_cancelled,
    t.completed_at IS NULL AND t.cancelled_at IS NULL AS is_open,
    t.completed_at IS NULL AND t.cancelled_at IS NULL AND t.due_at < now() AS is_overdue,
    t.channel, t.plan_id, t.plan_step, t.reassigned_times
FROM task t CROSS JOIN business_zone z;

CREATE OR REPLACE VIEW bi.fct_complaints AS
SELECT m.complaint_id, m.customer_id, m.owner_id, m.channel, m.severity, m.topic AS complaint_topic, m.raised_at,
    (m.raised_at AT TIME ZONE z.zone)::date AS raised_date, m.answered_at AS first_answered_at,
    m.answered_by AS first_answered_by_id, m.answers AS answer_count,
    extract(epoch FROM m.answered_at - m.raised_at)::bigint AS first_answer_seconds, m.confirmed_at, m.closed_at,
    m.resolution, m.closed_at IS NULL AS is_open,
    m.category, m.product, m.answer_by, m.resolve_by, m.was_answered_in_time AS is_answered_in_time,
    m.was_resolved_in_time AS is_resolved_in_time, m.told_at, m.consented_at, m.first_closed_at,
    (m.first_closed_at AT TIME ZONE z.zone)::date AS first_closed_date, m.paused_at IS NOT NULL AS is_paused,
    m.paused_at, m.pauses AS pause_count, m.paused_seconds, m.reopened_at, m.reopened_times AS reopened_count,
    m.first_id AS first_complaint_id, m.repeat_number, m.escalation_level,
    m.closed_at IS NULL AND m.awaits_answer AND coalesce(m.answer_by < now(), false) AS is_answer_overdue,
    coalesce(m.confirmed_at, m.consented_at, m.closed_at) IS NULL AND coalesce(m.resolve_by < now(), false)
        AS is_resolution_overdue
FROM complaint m CROSS JOIN business_zone z;

CREATE VIEW bi.fct_plans AS
SELECT p.plan_id, p.customer_id, p.template AS template_name, p.number AS template_version, p.tier, p.started_at,
    (p.started_at AT TIME ZONE z.zone)::date AS started_date, p.anchor_at, p.changed_times AS changed_count, p.ended_at,
    p.end_reason, p.ended_at IS NULL AS is_running, t.followup_count, t.done_count, t.cancelled_count
FROM plan p CROSS JOIN business_zone z LEFT JOIN LATERAL (
    SELECT count(*) AS followup_count, count(t.completed_at) AS done_count, count(t.cancelled_at) AS cancelled_count
    FROM task t WHERE t.customer_id = p.customer_id AND t.plan_id = p.plan_id
) t ON true;

CREATE VIEW bi.fct_orders AS
SELECT o.order_id, o.customer_id, o.category AS product_category, o.amount_minor, o.currency, o.placed_at,
    (o.placed_at AT TIME ZONE z.zone)::date AS placed_date, o.delivered_at,
    (o.delivered_at AT TIME ZONE z.zone)::date AS delivered_date, o.cancelled_at, o.cancel_reason,
    o.delivered_at IS NOT NULL AS is_delivered, o.cancelled_at IS NOT NULL AS is_cancelled
FROM customer_order o CROSS JOIN business_zone z;

CREATE VIEW bi.fct_contracts AS
SELECT k.contract_id, k.customer_id, k.kind AS contract_kind, k.signed_at,
    (k.signed_at AT TIME ZONE z.zone)::date AS signed_date, k.starts_on AS starts_date, k.ends_on AS ends_date,
    k.amount_minor, k.currency, k.renewal_intent, k.renewals AS renewal_count, k.renewed_at, k.ended_at, k.end_reason,
    k.ended_at IS NULL AND k.starts_on <= d.today AND coalesce(k.ends_on >= d.today, true) AS is_in_force,
    k.ended_at IS NULL AND coalesce(k.ends_on < d.today, false) AS is_run_out
FROM contract k CROSS JOIN business_zone z
    CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE z.zone)::date AS today) d;

COMMENT ON COLUMN bi.dim_customers.is_ownerless IS 'Nobody answers for it / 是否无人负责';
COMMENT ON COLUMN bi.dim_customers.helper_count IS 'How many employees act for it beside its owner / 协助人数';

COMMENT ON COLUMN bi.dim_employees.is_helper IS 'Acts for a customer beside its owner now / 当前是否为客户协助人';

COMMENT ON COLUMN bi.fct_followups.channel IS 'How it is to be done, where that was said / 约定渠道（如有）';
COMMENT ON COLUMN bi.fct_followups.plan_id IS 'The plan that asked for it, if any / 所属跟进计划（如有）';
COMMENT ON COLUMN bi.fct_followups.plan_step IS 'The step of that plan / 计划步骤';
COMMENT ON COLUMN bi.fct_followups.reassigned_times IS 'How often it passed to somebody else / 转交次数';

COMMENT ON COLUMN bi.fct_complaints.category IS 'Of what kind it is / 投诉类别';
COMMENT ON COLUMN bi.fct_complaints.product IS 'Which product it is about / 所涉产品';
COMMENT ON COLUMN bi.fct_complaints.answer_by IS
    'Until when an answer is promised, by work time, UTC; empty in a pause / 承诺答复期限（按工作时间计，UTC）；暂停时为空';
COMMENT ON COLUMN bi.fct_complaints.resolve_by IS
    'Until when a resolution is promised, by work time, UTC; empty in a pause / 承诺解决期限（按工作时间计，UTC）；暂停时为空';
COMMENT ON COLUMN bi.fct_complaints.is_answered_in_time IS
    'Whether the first answer came within the work time promised; no reopening changes it / 首次答复是否及时；重新打开不改变';
COMMENT ON COLUMN bi.fct_complaints.is_resolved_in_time IS
    'The verdict of the first closing: the answer that settled it came within the work time promised / 首次关闭时的结论：解决是否及时';
COMMENT ON COLUMN bi.fct_complaints.told_at IS
    'When the customer was told the result, since the last reopening, UTC / 告知客户结果的时间（以最近一次打开为准，UTC）';
COMMENT ON COLUMN bi.fct_complaints.consented_at IS
    'When silence became consent, since the last reopening, UTC / 视为默认同意的时间（以最近一次打开为准，UTC）';
COMMENT ON COLUMN bi.fct_complaints.first_closed_at IS 'When it was closed for the first time, UTC / 首次关闭时间（UTC）';
COMMENT ON COLUMN bi.fct_complaints.first_closed_date IS 'The same as a date in the business zone / 首次关闭日期（业务时区）';
COMMENT ON COLUMN bi.fct_complaints.is_paused IS 'Its clock stands still now / 当前是否暂停计时';
COMMENT ON COLUMN bi.fct_complaints.paused_at IS 'Since when it stands still, UTC / 本次暂停开始时间（UTC）';
COMMENT ON COLUMN bi.fct_complaints.pause_count IS 'How often it was paused / 暂停次数';
COMMENT ON COLUMN bi.fct_complaints.paused_seconds IS
    'Seconds of the pauses that are over, by the wall clock / 已结束暂停的总秒数（自然时间）';
COMMENT ON COLUMN bi.fct_complaints.reopened_at IS 'When it was last reopened, UTC / 最近一次重新打开时间（UTC）';
COMMENT ON COLUMN bi.fct_complaints.reopened_count IS 'How often it was reopened / 重新打开次数';
COMMENT ON COLUMN bi.fct_complaints.first_complaint_id IS
    'The complaint with which the repeats began; itself, if it was the first / 同一问题的首个投诉；首个即为自身';
COMMENT ON COLUMN bi.fct_complaints.repeat_number IS
    'The how-manieth complaint on the matter within 30 days; empty where no matter was named / 30 天内同一问题的第几次投诉；未注明问题时为空';
COMMENT ON COLUMN bi.fct_complaints.escalation_level IS '0 unless it was escalated / 升级级别；0 为未升级';
COMMENT ON COLUMN bi.fct_complaints.is_answer_overdue IS
    'An answer is owed and late at the moment of reading / 读取时答复是否已逾期';
COMMENT ON COLUMN bi.fct_complaints.is_resolution_overdue IS
    'Not settled, and late at the moment of reading / 读取时解决是否已逾期';
COMMENT ON COLUMN bi.fct_complaints.confirmed_at IS
    'When the customer said it is settled, since the last reopening, UTC / 客户确认时间（以最近一次打开为准，UTC）';
COMMENT ON COLUMN bi.fct_complaints.closed_at IS
    'When it was closed, since the last reopening, UTC / 关闭时间（以最近一次打开为准，UTC）';

COMMENT ON VIEW bi.fct_plans IS
    'One row per follow-up plan of a customer, from start to end (accumulating) / 跟进计划事实：客户的每个计划一行，从开始到结束累积更新';
COMMENT ON COLUMN bi.fct_plans.plan_id IS 'The plan / 计划编号';
COMMENT ON COLUMN bi.fct_plans.customer_id IS 'The customer / 客户编号';
COMMENT ON COLUMN bi.fct_plans.template_name IS 'The template it follows / 计划模板';
COMMENT ON COLUMN bi.fct_plans.template_version IS 'Its version that held last / 模板版本（最近适用）';
COMMENT ON COLUMN bi.fct_plans.tier IS 'The tier that held last / 客户分层（最近适用）';
COMMENT ON COLUMN bi.fct_plans.started_at IS 'When it began, UTC / 开始时间（UTC）';
COMMENT ON COLUMN bi.fct_plans.started_date IS 'The same as a date in the business zone / 开始日期（业务时区）';
COMMENT ON COLUMN bi.fct_plans.anchor_at IS 'What its steps count from, UTC / 各步骤的起算时间（UTC）';
COMMENT ON COLUMN bi.fct_plans.changed_count IS 'How often version or tier changed / 变更次数';
COMMENT ON COLUMN bi.fct_plans.ended_at IS 'When it ended, UTC / 结束时间（UTC）';
COMMENT ON COLUMN bi.fct_plans.end_reason IS 'Why it ended / 结束原因';
COMMENT ON COLUMN bi.fct_plans.is_running IS 'Not ended yet / 是否进行中';
COMMENT ON COLUMN bi.fct_plans.followup_count IS 'Follow-ups it has asked for / 已生成的跟进数';
COMMENT ON COLUMN bi.fct_plans.done_count IS 'How many of them were done / 其中已完成数';
COMMENT ON COLUMN bi.fct_plans.cancelled_count IS 'How many of them were called off / 其中已取消数';

COMMENT ON VIEW bi.fct_orders IS 'One row per order (accumulating) / 订单事实：每个订单一行，累积更新';
COMMENT ON COLUMN bi.fct_orders.order_id IS 'The order / 订单编号';
COMMENT ON COLUMN bi.fct_orders.customer_id IS 'The customer / 客户编号';
COMMENT ON COLUMN bi.fct_orders.product_category IS 'What was ordered / 产品类别';
COMMENT ON COLUMN bi.fct_orders.amount_minor IS 'Amount in whole minor units, such as 分 / 金额（最小货币单位，如分）';
COMMENT ON COLUMN bi.fct_orders.currency IS 'Currency, a code of ISO 4217 / 币种（ISO 4217）';
COMMENT ON COLUMN bi.fct_orders.placed_at IS 'When it was placed, UTC / 下单时间（UTC）';
COMMENT ON COLUMN bi.fct_orders.placed_date IS 'The same as a date in the business zone / 下单日期（业务时区）';
COMMENT ON COLUMN bi.fct_orders.delivered_at IS 'When all of it was delivered, UTC / 交付时间（UTC）';
COMMENT ON COLUMN bi.fct_orders.delivered_date IS 'The same as a date in the business zone / 交付日期（业务时区）';
COMMENT ON COLUMN bi.fct_orders.cancelled_at IS 'When it was cancelled, UTC / 取消时间（UTC）';
COMMENT ON COLUMN bi.fct_orders.cancel_reason IS 'Why it was cancelled / 取消原因';
COMMENT ON COLUMN bi.fct_orders.is_delivered IS 'Delivered / 是否已交付';
COMMENT ON COLUMN bi.fct_orders.is_cancelled IS 'Cancelled / 是否已取消';

COMMENT ON VIEW bi.fct_contracts IS
    'One row per contract; term and amount are those of the present term / 合同事实：每份合同一行，期限与金额为当前期';
COMMENT ON COLUMN bi.fct_contracts.contract_id IS 'The contract / 合同编号';
COMMENT ON COLUMN bi.fct_contracts.customer_id IS 'The customer / 客户编号';
COMMENT ON COLUMN bi.fct_contracts.contract_kind IS
    'standard, framework, strategic / 合同类型：standard 普通，framework 框架，strategic 长期合作';
COMMENT ON COLUMN bi.fct_contracts.signed_at IS 'When it was signed, UTC / 签订时间（UTC）';
COMMENT ON COLUMN bi.fct_contracts.signed_date IS 'The same as a date in the business zone / 签订日期（业务时区）';
COMMENT ON COLUMN bi.fct_contracts.starts_date IS 'First day of the term / 起始日';
COMMENT ON COLUMN bi.fct_contracts.ends_date IS 'Last day of the term; empty if open / 到期日；无固定期限为空';
COMMENT ON COLUMN bi.fct_contracts.amount_minor IS 'Amount in whole minor units, such as 分 / 金额（最小货币单位，如分）';
COMMENT ON COLUMN bi.fct_contracts.currency IS 'Currency, a code of ISO 4217 / 币种（ISO 4217）';
COMMENT ON COLUMN bi.fct_contracts.renewal_intent IS 'yes, no, unknown / 续约意向：yes 是，no 否，unknown 未知';
COMMENT ON COLUMN bi.fct_contracts.renewal_count IS 'How often it was renewed / 续约次数';
COMMENT ON COLUMN bi.fct_contracts.renewed_at IS 'When it was last renewed, UTC / 最近续约时间（UTC）';
COMMENT ON COLUMN bi.fct_contracts.ended_at IS 'When it was ended, UTC / 终止时间（UTC）';
COMMENT ON COLUMN bi.fct_contracts.end_reason IS 'Why it was ended / 终止原因';
COMMENT ON COLUMN bi.fct_contracts.is_in_force IS 'In force today / 今日是否有效';
COMMENT ON COLUMN bi.fct_contracts.is_run_out IS
    'Its term is over, and nobody renewed or ended it / 是否已过期而未续约也未终止';

GRANT SELECT ON ALL TABLES IN SCHEMA bi TO bi_reader;

-- migrate:down
DROP VIEW bi.fct_contracts, bi.fct_orders, bi.fct_plans, bi.fct_complaints, bi.fct_followups, bi.dim_employees,
    bi.dim_customers;

-- migrate:up

-- What BI tools read: views, never tables. They belong to the migrator, so their reader needs no right beneath.
CREATE SCHEMA bi;

CREATE VIEW bi.dim_customers AS
SELECT c.customer_id, c.kind AS customer_kind, c.company_name, c.stage, c.mode, c.stage_since AS stage_since_at,
    c.tiers ->> 'default' AS tier, c.tiers ->> 'abc' AS tier_abc, c.owner_id, c.leader_id, c.need_type, c.industry,
    c.region, c.work_status, c.registered_at, (c.registered_at AT TIME ZONE z.zone)::date AS registered_date,
    greatest(c.last_contacted_at, h.last_human_contact_at) AS last_contact_at, h.last_human_contact_at
FROM customer c CROSS JOIN business_zone z LEFT JOIN LATERAL (
    SELECT max(o.occurred_at) AS last_human_contact_at FROM contact o
    WHERE o.customer_id = c.customer_id AND NOT o.is_automated
) h ON true;

CREATE VIEW bi.dim_employees AS
SELECT seen.employee_id, bool_or(seen.part = 'owner') AS is_owner, bool_or(seen.part = 'leader') AS is_leader,
    bool_or(seen.part = 'active') AS has_activity
FROM (
    SELECT owner_id AS employee_id, 'owner' AS part FROM customer
    UNION SELECT leader_id, 'leader' FROM customer
    UNION SELECT employee_id, 'active' FROM contact
    UNION SELECT assignee_id, 'active' FROM task
    UNION SELECT completed_by, 'active' FROM task
    UNION SELECT owner_id, 'active' FROM complaint
    UNION SELECT answered_by, 'active' FROM complaint
    UNION SELECT owner_id, 'active' FROM alert
) seen
WHERE seen.employee_id IS NOT NULL
GROUP BY seen.employee_id;

CREATE VIEW bi.dim_dates AS
SELECT d::date AS calendar_date, extract(year FROM d)::integer AS calendar_year,
    extract(quarter FROM d)::integer AS calendar_quarter, extract(month FROM d)::integer AS calendar_month,
    extract(day FROM d)::integer AS day_of_month, extract(isoyear FROM d)::integer AS iso_year,
    extract(week FROM d)::integer AS iso_week, extract(isodow FROM d)::integer AS iso_day_of_week,
    extract(isodow FROM d) IN (6, 7) AS is_weekend, 'provisional'::text AS calendar_status
FROM generate_series(timestamp '2020-01-01', timestamp '2035-12-31', interval '1 day') AS days(d);

CREATE VIEW bi.fct_followups AS
SELECT t.task_id AS followup_id, t.customer_id, t.assignee_id, t.purpose, t.scheduled_at,
    (t.scheduled_at AT TIME ZONE z.zone)::date AS scheduled_date, t.first_due_at, t.due_at,
    (t.due_at AT TIME ZONE z.zone)::date AS due_date, t.rescheduled_times, t.completed_at,
    (t.completed_at AT TIME ZONE z.zone)::date AS completed_date, t.completed_by AS completed_by_id, t.outcome,
    t.cancelled_at, t.was_on_time AS is_on_time, t.cancelled_at IS NOT NULL AS is_cancelled,
    t.completed_at IS NULL AND t.cancelled_at IS NULL AS is_open,
    t.completed_at IS NULL AND t.cancelled_at IS NULL AND t.due_at < now() AS is_overdue
FROM task t CROSS JOIN business_zone z;

CREATE VIEW bi.fct_contacts AS
SELECT o.contact_id, o.customer_id, o.employee_id, o.task_id AS followup_id, o.channel, o.direction,
    o.is_automated, o.purpose, o.outcome, o.occurred_at,
    (o.occurred_at AT TIME ZONE z.zone)::date AS occurred_date, o.recorded_at
FROM contact o CROSS JOIN business_zone z;

CREATE VIEW bi.fct_complaints AS
SELECT m.complaint_id, m.customer_id, m.owner_id, m.channel, m.severity, m.topic AS complaint_topic, m.raised_at,
    (m.raised_at AT TIME ZONE z.zone)::date AS raised_date, m.answered_at AS first_answered_at,
    m.answered_by AS first_answered_by_id, m.answers AS answer_count,
    extract(epoch FROM m.answered_at - m.raised_at)::bigint AS first_answer_seconds, m.confirmed_at, m.closed_at,
    m.resolution, m.closed_at IS NULL AS is_open
FROM complaint m CROSS JOIN business_zone z;

CREATE VIEW bi.fct_alerts AS
SELECT a.alert_id, a.customer_id, a.rule_id, a.rule_version, a.severity, a.status, a.outcome,
    a.silent_since AS silent_since_at, a.starts_at AS started_at, (a.starts_at AT TIME ZONE z.zone)::date AS started_date, a.ends_at AS ended_at,
    extract(epoch FROM a.ends_at - a.starts_at)::bigint AS open_seconds, a.owner_id, a.summary, a.summary_zh,
    a.concerns_id, a.status = 'firing' AS is_open
FROM alert a CROSS JOIN business_zone z;

CREATE VIEW bi.fct_lifecycle_transitions AS
SELECT s.event_id AS transition_id, s.customer_id, s.previous AS previous_stage, s.stage, s.reason, s.occurred_at,
    (s.occurred_at AT TIME ZONE z.zone)::date AS occurred_date, s.recorded_at,
    s.previous IS NULL AS is_registration, EXISTS (
        SELECT FROM stage_transition n
        WHERE n.customer_id = s.customer_id AND n.occurred_at = s.occurred_at AND n.position > s.position
    ) AS is_passed_through
FROM stage_transition s CROSS JOIN business_zone z;

CREATE VIEW bi.meta_freshness AS
SELECT p.consumer, p.topic, p.position, e.last_event_recorded_at, p.complete_until_at,
    extract(epoch FROM clock_timestamp() - p.complete_until_at)::double precision AS lag_seconds
FROM (
    SELECT consumer, topic, max(position) AS position, nullif(min(watermark), '-infinity') AS complete_until_at
    FROM consumer_position GROUP BY consumer, topic
) p LEFT JOIN LATERAL (
    SELECT t.recorded_at AS last_event_recorded_at FROM timeline t
    WHERE t.topic = p.topic ORDER BY t.position DESC LIMIT 1
) e ON true;

COMMENT ON VIEW bi.dim_customers IS 'One row per registered customer, as it stands now / 客户维度：每个已登记客户一行，为当前状态';
COMMENT ON COLUMN bi.dim_customers.customer_id IS 'The customer / 客户编号';
COMMENT ON COLUMN bi.dim_customers.customer_kind IS 'company or person / 客户类型：company 企业，person 个人';
COMMENT ON COLUMN bi.dim_customers.company_name IS
    'Name of a company; empty for persons, whose names are not kept here / 企业名称；个人姓名不在此保存，故为空';
COMMENT ON COLUMN bi.dim_customers.stage IS 'new, interested, signed, established, lost / 生命周期阶段：新客户、意向、签约、老客户、流失';
COMMENT ON COLUMN bi.dim_customers.mode IS
    'follow-up before the deal, maintenance after it, empty when lost / 模式：成交前跟进，成交后维护，流失为空';
COMMENT ON COLUMN bi.dim_customers.stage_since_at IS 'Since when it stands at this stage, UTC / 进入当前阶段的时间（UTC）';
COMMENT ON COLUMN bi.dim_customers.tier IS
    'Tier in the default scheme: vip, growth, ordinary / 默认方案的客户分层：vip 重点、growth 成长型、ordinary 普通';
COMMENT ON COLUMN bi.dim_customers.tier_abc IS 'Tier in the scheme abc / abc 方案的客户分层';
COMMENT ON COLUMN bi.dim_customers.owner_id IS 'The employee who answers for it / 负责人工号';
COMMENT ON COLUMN bi.dim_customers.leader_id IS 'Who leads the owner / 负责人的主管工号';
COMMENT ON COLUMN bi.dim_customers.need_type IS 'What it asks for / 需求类型';
COMMENT ON COLUMN bi.dim_customers.industry IS 'Line of business / 行业';
COMMENT ON COLUMN bi.dim_customers.region IS 'Where it is / 地区';
COMMENT ON COLUMN bi.dim_customers.work_status IS 'Follow-up status as stated by the source / 来源系统给出的跟进状态';
COMMENT ON COLUMN bi.dim_customers.registered_at IS 'When it was registered, UTC / 登记时间（UTC）';
COMMENT ON COLUMN bi.dim_customers.registered_date IS 'The same as a date in the business zone / 登记日期（业务时区）';
COMMENT ON COLUMN bi.dim_customers.last_contact_at IS
    'The later of the last contact by a person and what the source states, UTC / 最近沟通时间：人工沟通与来源所述取较晚者（UTC）';
COMMENT ON COLUMN bi.dim_customers.last_human_contact_at IS
    'Last contact by a person that is on record, UTC / 有记录的最近一次人工沟通时间（UTC）';

COMMENT ON VIEW bi.dim_employees IS
    'One row per employee id seen in any fact; names are not kept here / 员工维度：事实中出现过的每个工号一行；姓名不在此保存';
COMMENT ON COLUMN bi.dim_employees.employee_id IS 'The employee / 员工工号';
COMMENT ON COLUMN bi.dim_employees.is_owner IS 'Answers for a customer now / 当前是否为客户负责人';
COMMENT ON COLUMN bi.dim_employees.is_leader IS 'Leads the owner of a customer now / 当前是否为负责人的主管';
COMMENT ON COLUMN bi.dim_employees.has_activity IS
    'Stands in a contact, follow-up, complaint or alert / 是否出现在沟通、跟进、投诉或预警中';

COMMENT ON VIEW bi.dim_dates IS 'One row per day from 2020 to 2035 / 日期维度：2020 至 2035 年每天一行';
COMMENT ON COLUMN bi.dim_dates.calendar_date IS 'The day / 日期';
COMMENT ON COLUMN bi.dim_dates.calendar_year IS 'Year / 年';
COMMENT ON COLUMN bi.dim_dates.calendar_quarter IS 'Quarter, 1 to 4 / 季度（1 至 4）';
COMMENT ON COLUMN bi.dim_dates.calendar_month IS 'Month, 1 to 12 / 月（1 至 12）';
COMMENT ON COLUMN bi.dim_dates.day_of_month IS 'Day of the month / 日';
COMMENT ON COLUMN bi.dim_dates.iso_year IS 'Year that the ISO week belongs to / ISO 周所属年';
COMMENT ON COLUMN bi.dim_dates.iso_week IS 'ISO week, 1 to 53 / ISO 周（1 至 53）';
COMMENT ON COLUMN bi.dim_dates.iso_day_of_week IS '1 is Monday, 7 is Sunday / 星期：1 为周一，7 为周日';
COMMENT ON COLUMN bi.dim_dates.is_weekend IS 'Saturday or Sunday; make-up workdays are not known yet / 是否周末；尚未计入调休';
COMMENT ON COLUMN bi.dim_dates.calendar_status IS
    'provisional: official holidays are not loaded yet / provisional 暂定：尚未载入官方节假日';

COMMENT ON VIEW bi.fct_followups IS
    'One row per follow-up, from promise to end (accumulating) / 跟进事实：每个跟进任务一行，从安排到结束累积更新';
COMMENT ON COLUMN bi.fct_followups.followup_id IS 'The follow-up / 跟进任务编号';
COMMENT ON COLUMN bi.fct_followups.customer_id IS 'The customer / 客户编号';
COMMENT ON COLUMN bi.fct_followups.assignee_id IS 'Who owes it / 执行人工号';
COMMENT ON COLUMN bi.fct_followups.purpose IS 'What it is for / 目的';
COMMENT ON COLUMN bi.fct_followups.scheduled_at IS 'When it was scheduled, UTC / 安排时间（UTC）';
COMMENT ON COLUMN bi.fct_followups.scheduled_date IS 'The same as a date in the business zone / 安排日期（业务时区）';
COMMENT ON COLUMN bi.fct_followups.first_due_at IS 'When it was due at first, UTC / 最初到期时间（UTC）';
COMMENT ON COLUMN bi.fct_followups.due_at IS 'When it is due now, UTC / 当前到期时间（UTC）';
COMMENT ON COLUMN bi.fct_followups.due_date IS 'The same as a date in the business zone / 到期日期（业务时区）';
COMMENT ON COLUMN bi.fct_followups.rescheduled_times IS 'How often it was moved / 改期次数';
COMMENT ON COLUMN bi.fct_followups.completed_at IS 'When it was done, UTC / 完成时间（UTC）';
COMMENT ON COLUMN bi.fct_followups.completed_date IS 'The same as a date in the business zone / 完成日期（业务时区）';
COMMENT ON COLUMN bi.fct_followups.completed_by_id IS 'Who did it / 完成人工号';
COMMENT ON COLUMN bi.fct_followups.outcome IS 'How it ended / 结果';
COMMENT ON COLUMN bi.fct_followups.cancelled_at IS 'When it was called off, UTC / 取消时间（UTC）';
COMMENT ON COLUMN bi.fct_followups.is_on_time IS 'Done no later than due; empty until done / 是否按时完成；未完成时为空';
COMMENT ON COLUMN bi.fct_followups.is_cancelled IS 'Called off / 是否已取消';
COMMENT ON COLUMN bi.fct_followups.is_open IS 'Neither done nor called off / 是否未完成且未取消';
COMMENT ON COLUMN bi.fct_followups.is_overdue IS 'Open and past its due time at the moment of reading / 读取时是否已逾期';

COMMENT ON VIEW bi.fct_contacts IS 'One row per contact with a customer / 沟通事实：每次沟通一行';
COMMENT ON COLUMN bi.fct_contacts.contact_id IS 'The contact / 沟通记录编号';
COMMENT ON COLUMN bi.fct_contacts.customer_id IS 'The customer / 客户编号';
COMMENT ON COLUMN bi.fct_contacts.employee_id IS 'Who spoke with the customer / 沟通人工号';
COMMENT ON COLUMN bi.fct_contacts.followup_id IS 'The follow-up it served, if any / 所属跟进任务编号（如有）';
COMMENT ON COLUMN bi.fct_contacts.channel IS
    'phone, email, visit, wechat, group, event, other / 渠道：电话、邮件、拜访、微信、群、活动、其他';
COMMENT ON COLUMN bi.fct_contacts.direction IS 'inbound or outbound / 方向：inbound 客户主动，outbound 我方主动';
COMMENT ON COLUMN bi.fct_contacts.is_automated IS 'Nobody made it: it ends no silence / 是否自动触达；不计为人工沟通';
COMMENT ON COLUMN bi.fct_contacts.purpose IS 'What it was for / 目的';
COMMENT ON COLUMN bi.fct_contacts.outcome IS 'How it ended / 结果';
COMMENT ON COLUMN bi.fct_contacts.occurred_at IS 'When it took place, UTC / 发生时间（UTC）';
COMMENT ON COLUMN bi.fct_contacts.occurred_date IS 'The same as a date in the business zone / 发生日期（业务时区）';
COMMENT ON COLUMN bi.fct_contacts.recorded_at IS 'When the system learned of it, UTC / 记录时间（UTC）';

COMMENT ON VIEW bi.fct_complaints IS
    'One row per complaint, from raising to closing (accumulating) / 投诉事实：每个投诉一行，从提出到关闭累积更新';
COMMENT ON COLUMN bi.fct_complaints.complaint_id IS 'The complaint / 投诉编号';
COMMENT ON COLUMN bi.fct_complaints.customer_id IS 'The customer / 客户编号';
COMMENT ON COLUMN bi.fct_complaints.owner_id IS 'Who answers for it / 处理人工号';
COMMENT ON COLUMN bi.fct_complaints.channel IS 'How it came in / 渠道';
COMMENT ON COLUMN bi.fct_complaints.severity IS 'low, normal, high, critical / 严重程度：低、一般、高、紧急';
COMMENT ON COLUMN bi.fct_complaints.complaint_topic IS 'What it is about / 投诉主题';
COMMENT ON COLUMN bi.fct_complaints.raised_at IS 'When it was raised, UTC / 提出时间（UTC）';
COMMENT ON COLUMN bi.fct_complaints.raised_date IS 'The same as a date in the business zone / 提出日期（业务时区）';
COMMENT ON COLUMN bi.fct_complaints.first_answered_at IS 'When it was first answered, UTC / 首次答复时间（UTC）';
COMMENT ON COLUMN bi.fct_complaints.first_answered_by_id IS 'Who first answered it / 首次答复人工号';
COMMENT ON COLUMN bi.fct_complaints.answer_count IS 'How often it was answered / 答复次数';
COMMENT ON COLUMN bi.fct_complaints.first_answer_seconds IS
    'Seconds from raising to first answer, by the wall clock / 从提出到首次答复的秒数（自然时间）';
COMMENT ON COLUMN bi.fct_complaints.confirmed_at IS 'When the customer said it is settled, UTC / 客户确认时间（UTC）';
COMMENT ON COLUMN bi.fct_complaints.closed_at IS 'When it was closed, UTC / 关闭时间（UTC）';
COMMENT ON COLUMN bi.fct_complaints.resolution IS 'How it was settled / 处理结果';
COMMENT ON COLUMN bi.fct_complaints.is_open IS 'Not closed yet / 是否未关闭';

COMMENT ON VIEW bi.fct_alerts IS 'One row per alert episode (accumulating) / 预警事实：每个预警事件一行，累积更新';
COMMENT ON COLUMN bi.fct_alerts.alert_id IS 'The alert / 预警编号';
COMMENT ON COLUMN bi.fct_alerts.customer_id IS 'The customer / 客户编号';
COMMENT ON COLUMN bi.fct_alerts.rule_id IS 'The rule that was broken / 规则编号';
COMMENT ON COLUMN bi.fct_alerts.rule_version IS 'Its version / 规则版本';
COMMENT ON COLUMN bi.fct_alerts.severity IS 'critical, error, warning, info / 严重程度：严重、错误、警告、提示';
COMMENT ON COLUMN bi.fct_alerts.status IS 'firing or resolved / 状态：firing 触发中，resolved 已解除';
COMMENT ON COLUMN bi.fct_alerts.outcome IS
    'cleared: what was owed was done; withdrawn: a late fact disproved it; empty while firing / 结局：cleared 已处理，withdrawn 被补录事实撤回，触发中为空';
COMMENT ON COLUMN bi.fct_alerts.silent_since_at IS
    'When the stretch of silence or trouble began, UTC / 沉默或问题开始时间（UTC）';
COMMENT ON COLUMN bi.fct_alerts.started_at IS 'When the rule was broken, UTC / 规则触发时间（UTC）';
COMMENT ON COLUMN bi.fct_alerts.started_date IS 'The same as a date in the business zone / 触发日期（业务时区）';
COMMENT ON COLUMN bi.fct_alerts.ended_at IS 'When it ended, UTC / 结束时间（UTC）';
COMMENT ON COLUMN bi.fct_alerts.open_seconds IS 'Seconds from start to end; empty while firing / 从触发到结束的秒数；触发中为空';
COMMENT ON COLUMN bi.fct_alerts.owner_id IS 'Who it was raised for / 预警负责人工号';
COMMENT ON COLUMN bi.fct_alerts.summary IS 'What is wrong, in English / 英文摘要';
COMMENT ON COLUMN bi.fct_alerts.summary_zh IS 'What is wrong, in Chinese / 中文摘要';
COMMENT ON COLUMN bi.fct_alerts.concerns_id IS 'The customer, follow-up or complaint it is about / 所涉客户、跟进或投诉编号';
COMMENT ON COLUMN bi.fct_alerts.is_open IS 'Firing now / 是否触发中';

COMMENT ON VIEW bi.fct_lifecycle_transitions IS 'One row per entry of a customer into a stage / 阶段变更事实：客户每进入一个阶段一行';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.transition_id IS 'The event that says so / 所依据的事件编号';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.customer_id IS 'The customer / 客户编号';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.previous_stage IS
    'The stage before; empty at registration / 之前的阶段；登记时为空';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.stage IS 'The stage entered / 进入的阶段';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.reason IS 'Why, as stated / 原因';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.occurred_at IS 'When it happened, UTC / 发生时间（UTC）';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.occurred_date IS
    'The same as a date in the business zone / 发生日期（业务时区）';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.recorded_at IS 'When the system learned of it, UTC / 记录时间（UTC）';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.is_registration IS 'The first entry, by registration / 是否为登记时的首次进入';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.is_passed_through IS
    'Left again in the same instant, such as new when another stage was stated at entry / 是否同一时刻即离开（如登记时直接给出其他阶段）';

COMMENT ON VIEW bi.meta_freshness IS 'How far the read model has come, per topic / 数据新鲜度：每个主题的处理进度';
COMMENT ON COLUMN bi.meta_freshness.consumer IS 'Who reads the topic / 消费者';
COMMENT ON COLUMN bi.meta_freshness.topic IS 'The topic read / 主题';
COMMENT ON COLUMN bi.meta_freshness.position IS 'The highest position applied / 已处理的最大位置';
COMMENT ON COLUMN bi.meta_freshness.last_event_recorded_at IS
    'When the last event applied was recorded, UTC / 最后处理事件的记录时间（UTC）';
COMMENT ON COLUMN bi.meta_freshness.complete_until_at IS
    'Nothing recorded before this is missing, UTC / 此前记录的事实均已处理（UTC）';
COMMENT ON COLUMN bi.meta_freshness.lag_seconds IS 'Seconds from then until now / 距今秒数';

GRANT USAGE ON SCHEMA bi TO bi_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA bi TO bi_reader;

-- migrate:down
DROP SCHEMA bi CASCADE;

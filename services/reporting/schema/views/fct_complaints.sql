CREATE OR REPLACE VIEW bi.fct_complaints AS
SELECT m.complaint_id, m.customer_id, m.owner_id, m.channel, m.severity, m.topic AS complaint_topic, m.raised_at,
    (m.raised_at AT TIME ZONE z.zone)::date AS raised_date, m.answered_at AS first_answered_at,
    m.answered_by AS first_answered_by_id, m.answers AS answer_count,
    extract(epoch FROM m.answered_at - m.raised_at)::bigint AS first_answer_seconds, m.confirmed_at, m.closed_at,
    m.resolution, m.closed_at IS NULL AS is_open,
    m.category, m.product, m.answer_by, m.resolve_by, m.was_answered_in_time AS is_answered_in_time,
    m.was_resolved_in_time AS is_resolved_in_time, m.communicated_at, m.consented_at, m.first_closed_at,
    (m.first_closed_at AT TIME ZONE z.zone)::date AS first_closed_date, m.paused_at IS NOT NULL AS is_paused,
    m.paused_at, m.pauses AS pause_count, m.paused_seconds, m.reopened_at, m.reopened_times AS reopened_count,
    m.first_id AS first_complaint_id, m.repeat_number, m.escalation_level,
    m.closed_at IS NULL AND m.awaits_answer AND coalesce(m.answer_by < now(), false) AS is_answer_overdue,
    coalesce(m.confirmed_at, m.consented_at, m.closed_at) IS NULL AND coalesce(m.resolve_by < now(), false)
        AS is_resolution_overdue,
    m.intake, m.partner
FROM complaint m CROSS JOIN (SELECT zone FROM business_zone LIMIT 1) z;

COMMENT ON VIEW bi.fct_complaints IS
    'One row per complaint, updated until it is closed (accumulating) / 投诉事实：每个投诉一行，从提出到关闭累积更新';
COMMENT ON COLUMN bi.fct_complaints.complaint_id IS 'The complaint / 投诉编号';
COMMENT ON COLUMN bi.fct_complaints.customer_id IS 'The customer / 客户 ID';
COMMENT ON COLUMN bi.fct_complaints.owner_id IS 'The employee responsible / 处理人工号';
COMMENT ON COLUMN bi.fct_complaints.channel IS 'Channel / 渠道';
COMMENT ON COLUMN bi.fct_complaints.severity IS 'low, normal, high, critical / 严重程度：低、一般、高、紧急';
COMMENT ON COLUMN bi.fct_complaints.complaint_topic IS 'Topic / 投诉主题';
COMMENT ON COLUMN bi.fct_complaints.raised_at IS 'When it was raised, UTC / 提出时间（UTC）';
COMMENT ON COLUMN bi.fct_complaints.raised_date IS 'The same as a date in the business zone / 提出日期（业务时区）';
COMMENT ON COLUMN bi.fct_complaints.first_answered_at IS 'When it was first answered, UTC / 首次答复时间（UTC）';
COMMENT ON COLUMN bi.fct_complaints.first_answered_by_id IS 'Who first answered it / 首次答复人工号';
COMMENT ON COLUMN bi.fct_complaints.answer_count IS 'How often it was answered / 答复次数';
COMMENT ON COLUMN bi.fct_complaints.first_answer_seconds IS
    'Seconds from raising to first answer, by the wall clock / 从提出到首次答复的秒数（自然时间）';
COMMENT ON COLUMN bi.fct_complaints.confirmed_at IS
    'When the customer confirmed the resolution, since the last reopening, UTC / 客户确认时间（以最近一次打开为准，UTC）';
COMMENT ON COLUMN bi.fct_complaints.closed_at IS
    'When it was closed, since the last reopening, UTC / 关闭时间（以最近一次打开为准，UTC）';
COMMENT ON COLUMN bi.fct_complaints.resolution IS 'Resolution / 处理结果';
COMMENT ON COLUMN bi.fct_complaints.is_open IS 'Not closed yet / 是否未关闭';
COMMENT ON COLUMN bi.fct_complaints.category IS 'Category / 投诉类别';
COMMENT ON COLUMN bi.fct_complaints.product IS 'Product / 所涉产品';
COMMENT ON COLUMN bi.fct_complaints.answer_by IS
    'Target time of the answer, by work time, UTC; empty while paused / 承诺答复期限（按工作时间计，UTC）；暂停时为空';
COMMENT ON COLUMN bi.fct_complaints.resolve_by IS
    'Target time of the resolution, by work time, UTC; empty while paused / 承诺解决期限（按工作时间计，UTC）；暂停时为空';
COMMENT ON COLUMN bi.fct_complaints.is_answered_in_time IS
    'Whether the first answer met its target; a reopening does not change it / 首次答复是否及时；重新打开不改变';
COMMENT ON COLUMN bi.fct_complaints.is_resolved_in_time IS
    'Whether the resolution met its target, as determined at the first closure / 首次关闭时的结论：解决是否及时';
COMMENT ON COLUMN bi.fct_complaints.communicated_at IS
    'When the result was communicated to the customer, since the last reopening, UTC / 告知客户结果的时间（以最近一次打开为准，UTC）';
COMMENT ON COLUMN bi.fct_complaints.consented_at IS
    'When the customer''s silence counted as consent, since the last reopening, UTC / 视为默认同意的时间（以最近一次打开为准，UTC）';
COMMENT ON COLUMN bi.fct_complaints.first_closed_at IS 'When it was closed for the first time, UTC / 首次关闭时间（UTC）';
COMMENT ON COLUMN bi.fct_complaints.first_closed_date IS 'The same as a date in the business zone / 首次关闭日期（业务时区）';
COMMENT ON COLUMN bi.fct_complaints.is_paused IS 'Paused now / 当前是否暂停计时';
COMMENT ON COLUMN bi.fct_complaints.paused_at IS 'When the present pause began, UTC / 本次暂停开始时间（UTC）';
COMMENT ON COLUMN bi.fct_complaints.pause_count IS 'How often it was paused / 暂停次数';
COMMENT ON COLUMN bi.fct_complaints.paused_seconds IS
    'Total seconds of ended pauses, by the wall clock / 已结束暂停的总秒数（自然时间）';
COMMENT ON COLUMN bi.fct_complaints.reopened_at IS 'When it was last reopened, UTC / 最近一次重新打开时间（UTC）';
COMMENT ON COLUMN bi.fct_complaints.reopened_count IS 'How often it was reopened / 重新打开次数';
COMMENT ON COLUMN bi.fct_complaints.first_complaint_id IS
    'The first complaint about the same issue; itself if it is the first / 同一问题的首个投诉；首个即为自身';
COMMENT ON COLUMN bi.fct_complaints.repeat_number IS
    'The number of this complaint among those about the same issue within 30 days; empty if no issue was named / 30 天内同一问题的第几次投诉；未注明问题时为空';
COMMENT ON COLUMN bi.fct_complaints.escalation_level IS '0 unless it was escalated / 升级级别；0 为未升级';
COMMENT ON COLUMN bi.fct_complaints.is_answer_overdue IS
    'Whether the answer is overdue at the time of reading / 读取时答复是否已逾期';
COMMENT ON COLUMN bi.fct_complaints.is_resolution_overdue IS
    'Whether the resolution is overdue at the time of reading / 读取时解决是否已逾期';
COMMENT ON COLUMN bi.fct_complaints.intake IS
    'How it was received: phone, wechat, email, web-form, on-site, partner, social-media, survey, other / 受理入口：电话、微信、邮件、网页表单、现场、合作方、社交媒体、问卷、其他';
COMMENT ON COLUMN bi.fct_complaints.partner IS 'The partner that forwarded it, if any / 转来投诉的合作方（如有）';

GRANT SELECT ON bi.fct_complaints TO bi_reader;

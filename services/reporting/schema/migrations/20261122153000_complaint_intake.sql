-- migrate:up
ALTER TABLE complaint ADD COLUMN intake text, ADD COLUMN partner text;

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
        AS is_resolution_overdue,
    m.intake, m.partner
FROM complaint m CROSS JOIN business_zone z;

COMMENT ON COLUMN bi.fct_complaints.intake IS
    'By which door it came in: phone, wechat, email, web-form, on-site, partner, social-media, survey, other / 受理入口：电话、微信、邮件、网页表单、现场、合作方、社交媒体、问卷、其他';
COMMENT ON COLUMN bi.fct_complaints.partner IS 'The partner it came through, if one / 转来投诉的合作方（如有）';

-- migrate:down
DROP VIEW bi.fct_complaints;
ALTER TABLE complaint DROP COLUMN intake, DROP COLUMN partner;

CREATE OR REPLACE VIEW bi.fct_alerts AS
SELECT a.alert_id, a.customer_id, a.rule_id, a.rule_version, a.severity, a.status, a.outcome,
    a.silent_since AS silent_since_at, a.starts_at AS started_at, (a.starts_at AT TIME ZONE z.zone)::date AS started_date, a.ends_at AS ended_at,
    extract(epoch FROM a.ends_at - a.starts_at)::bigint AS open_seconds, a.owner_id, a.summary, a.summary_zh,
    a.concerns_id, a.status <> 'resolved' AS is_open, a.acknowledged_by AS acknowledged_by_id, a.acknowledged_at,
    a.snoozed_until AS snoozed_until_at, a.escalation_level
FROM alert a CROSS JOIN (SELECT zone FROM business_zone LIMIT 1) z;

COMMENT ON VIEW bi.fct_alerts IS 'One row per alert episode (accumulating) / 预警事实：每个预警事件一行，累积更新';
COMMENT ON COLUMN bi.fct_alerts.alert_id IS 'The alert / 预警编号';
COMMENT ON COLUMN bi.fct_alerts.customer_id IS 'The customer / 客户 ID';
COMMENT ON COLUMN bi.fct_alerts.rule_id IS 'The rule / 规则编号';
COMMENT ON COLUMN bi.fct_alerts.rule_version IS 'Its version / 规则版本';
COMMENT ON COLUMN bi.fct_alerts.severity IS 'critical, error, warning, info / 严重程度：严重、错误、警告、提示';
COMMENT ON COLUMN bi.fct_alerts.status IS 'firing, acknowledged or resolved / 状态：firing 触发中，acknowledged 已确认，resolved 已解除';
COMMENT ON COLUMN bi.fct_alerts.outcome IS
    'cleared: ended by a later event; withdrawn: disproved by an event recorded late; empty while open / 结局：cleared 已处理，withdrawn 被补录事实撤回，未解除时为空';
COMMENT ON COLUMN bi.fct_alerts.silent_since_at IS 'When the silence or problem began, UTC / 沉默或问题开始时间（UTC）';
COMMENT ON COLUMN bi.fct_alerts.started_at IS 'When the alert started, UTC / 规则触发时间（UTC）';
COMMENT ON COLUMN bi.fct_alerts.started_date IS 'The same as a date in the business zone / 触发日期（业务时区）';
COMMENT ON COLUMN bi.fct_alerts.ended_at IS 'When it ended, UTC / 结束时间（UTC）';
COMMENT ON COLUMN bi.fct_alerts.open_seconds IS 'Seconds from start to end; empty while open / 从触发到结束的秒数；未解除时为空';
COMMENT ON COLUMN bi.fct_alerts.owner_id IS 'The employee who has to act / 预警负责人工号';
COMMENT ON COLUMN bi.fct_alerts.summary IS 'Summary in English / 英文摘要';
COMMENT ON COLUMN bi.fct_alerts.summary_zh IS 'Summary in Chinese / 中文摘要';
COMMENT ON COLUMN bi.fct_alerts.concerns_id IS 'The customer, follow-up or complaint it is about / 所涉客户、跟进或投诉编号';
COMMENT ON COLUMN bi.fct_alerts.is_open IS 'Firing or acknowledged / 是否未解除：触发中或已确认';
COMMENT ON COLUMN bi.fct_alerts.acknowledged_by_id IS 'Who acknowledged it; empty if nobody did / 确认人工号；未确认时为空';
COMMENT ON COLUMN bi.fct_alerts.acknowledged_at IS 'When it was acknowledged, UTC / 确认时间（UTC）';
COMMENT ON COLUMN bi.fct_alerts.snoozed_until_at IS 'Until when nobody is reminded, UTC / 暂停提醒至（UTC）';
COMMENT ON COLUMN bi.fct_alerts.escalation_level IS
    'The last rung of its ladder that was reached; 0 if none / 已到达的升级级别；0 为未升级';

GRANT SELECT ON bi.fct_alerts TO bi_reader;

CREATE OR REPLACE VIEW bi.fct_surveys AS
SELECT s.survey_id, s.customer_id, s.survey AS survey_name, s.kind AS survey_kind, s.lowest AS lowest_score,
    s.highest AS highest_score, s.is_anonymous, s.channel, s.step AS service_step, s.about_id, s.sent_at,
    (s.sent_at AT TIME ZONE z.zone)::date AS sent_date, s.expires_at, s.answered_at,
    (s.answered_at AT TIME ZONE z.zone)::date AS answered_date, s.score,
    CASE WHEN s.is_anonymous THEN NULL ELSE s.answered_at IS NOT NULL END AS is_answered
FROM survey s CROSS JOIN (SELECT zone FROM business_zone LIMIT 1) z;

COMMENT ON VIEW bi.fct_surveys IS
    'One row per survey sent to a customer; anonymous answers are not included / 问卷事实：发给客户的每份问卷一行；匿名作答不在此列';
COMMENT ON COLUMN bi.fct_surveys.survey_id IS 'The survey / 问卷编号';
COMMENT ON COLUMN bi.fct_surveys.customer_id IS 'The customer / 客户 ID';
COMMENT ON COLUMN bi.fct_surveys.survey_name IS 'Name of the survey / 问卷名称';
COMMENT ON COLUMN bi.fct_surveys.survey_kind IS 'csat or nps / 类型：csat 满意度，nps 净推荐值';
COMMENT ON COLUMN bi.fct_surveys.lowest_score IS 'Lowest possible score / 最低分';
COMMENT ON COLUMN bi.fct_surveys.highest_score IS 'Highest possible score / 最高分';
COMMENT ON COLUMN bi.fct_surveys.is_anonymous IS 'Answered without a name / 是否匿名';
COMMENT ON COLUMN bi.fct_surveys.channel IS 'Channel / 发送渠道';
COMMENT ON COLUMN bi.fct_surveys.service_step IS 'The service step that it is about / 所针对的服务环节';
COMMENT ON COLUMN bi.fct_surveys.about_id IS 'The task, complaint or contact it is about / 所涉跟进、投诉或沟通编号';
COMMENT ON COLUMN bi.fct_surveys.sent_at IS 'When it was sent, UTC / 发送时间（UTC）';
COMMENT ON COLUMN bi.fct_surveys.sent_date IS 'The same as a date in the business zone / 发送日期（业务时区）';
COMMENT ON COLUMN bi.fct_surveys.expires_at IS 'Until when it can be answered, UTC / 作答截止时间（UTC）';
COMMENT ON COLUMN bi.fct_surveys.answered_at IS
    'When it was answered, UTC; empty for anonymous ones / 作答时间（UTC）；匿名问卷为空';
COMMENT ON COLUMN bi.fct_surveys.answered_date IS 'The same as a date in the business zone / 作答日期（业务时区）';
COMMENT ON COLUMN bi.fct_surveys.score IS 'Score of the answer; empty for anonymous ones / 得分；匿名问卷为空';
COMMENT ON COLUMN bi.fct_surveys.is_answered IS 'Answered; empty for anonymous ones / 是否已作答；匿名问卷为空';

GRANT SELECT ON bi.fct_surveys TO bi_reader;

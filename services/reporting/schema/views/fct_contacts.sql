CREATE OR REPLACE VIEW bi.fct_contacts AS
SELECT o.contact_id, o.customer_id, o.employee_id, o.task_id AS followup_id, o.channel, o.direction,
    o.is_automated, o.purpose, o.outcome, o.occurred_at,
    (o.occurred_at AT TIME ZONE z.zone)::date AS occurred_date, o.recorded_at
FROM contact o CROSS JOIN (SELECT zone FROM business_zone LIMIT 1) z;

COMMENT ON VIEW bi.fct_contacts IS 'One row per contact with a customer / 沟通事实：每次沟通一行';
COMMENT ON COLUMN bi.fct_contacts.contact_id IS 'The contact / 沟通记录编号';
COMMENT ON COLUMN bi.fct_contacts.customer_id IS 'The customer / 客户 ID';
COMMENT ON COLUMN bi.fct_contacts.employee_id IS 'The employee / 沟通人工号';
COMMENT ON COLUMN bi.fct_contacts.followup_id IS 'The follow-up it served, if any / 所属跟进任务编号（如有）';
COMMENT ON COLUMN bi.fct_contacts.channel IS
    'phone, email, visit, wechat, group, event, other / 渠道：电话、邮件、拜访、微信、群、活动、其他';
COMMENT ON COLUMN bi.fct_contacts.direction IS 'inbound or outbound / 方向：inbound 客户主动，outbound 我方主动';
COMMENT ON COLUMN bi.fct_contacts.is_automated IS 'Sent automatically; not counted as a contact by a person / 是否自动触达；不计为人工沟通';
COMMENT ON COLUMN bi.fct_contacts.purpose IS 'Purpose / 目的';
COMMENT ON COLUMN bi.fct_contacts.outcome IS 'Outcome / 结果';
COMMENT ON COLUMN bi.fct_contacts.occurred_at IS 'When it took place, UTC / 发生时间（UTC）';
COMMENT ON COLUMN bi.fct_contacts.occurred_date IS 'The same as a date in the business zone / 发生日期（业务时区）';
COMMENT ON COLUMN bi.fct_contacts.recorded_at IS 'When it was recorded, UTC / 记录时间（UTC）';

GRANT SELECT ON bi.fct_contacts TO bi_reader;

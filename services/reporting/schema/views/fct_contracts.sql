CREATE OR REPLACE VIEW bi.fct_contracts AS
SELECT k.contract_id, k.customer_id, k.external_system AS source_system, k.external_id AS contract_number,
    k.kind AS contract_kind, k.signed_at,
    (k.signed_at AT TIME ZONE z.zone)::date AS signed_date, k.starts_on AS starts_date, k.ends_on AS ends_date,
    k.amount_minor, k.currency, k.renewal_intent, k.renewals AS renewal_count, k.renewed_at, k.ended_at, k.end_reason,
    k.ended_at IS NULL AND k.starts_on <= d.today AND coalesce(k.ends_on >= d.today, true) AS is_in_force,
    k.ended_at IS NULL AND coalesce(k.ends_on < d.today, false) AS is_run_out
FROM contract k CROSS JOIN (SELECT zone FROM business_zone LIMIT 1) z
    CROSS JOIN LATERAL (SELECT (now() AT TIME ZONE z.zone)::date AS today) d;

COMMENT ON VIEW bi.fct_contracts IS
    'One row per contract; term and amount are those of the present term / 合同事实：每份合同一行，期限与金额为当前期';
COMMENT ON COLUMN bi.fct_contracts.contract_id IS 'The contract / 合同编号';
COMMENT ON COLUMN bi.fct_contracts.customer_id IS 'The customer / 客户 ID';
COMMENT ON COLUMN bi.fct_contracts.source_system IS 'The system that numbered it; empty if it was recorded by hand / 来源系统；手工登记为空';
COMMENT ON COLUMN bi.fct_contracts.contract_number IS 'Its number in that system / 来源系统中的合同号';
COMMENT ON COLUMN bi.fct_contracts.contract_kind IS
    'standard, framework, strategic / 合同类型：standard 普通，framework 框架，strategic 长期合作';
COMMENT ON COLUMN bi.fct_contracts.signed_at IS 'When it was signed, UTC / 签订时间（UTC）';
COMMENT ON COLUMN bi.fct_contracts.signed_date IS 'The same as a date in the business zone / 签订日期（业务时区）';
COMMENT ON COLUMN bi.fct_contracts.starts_date IS 'First day of the term / 起始日';
COMMENT ON COLUMN bi.fct_contracts.ends_date IS 'Last day of the term; empty if open / 到期日；无固定期限为空';
COMMENT ON COLUMN bi.fct_contracts.amount_minor IS 'Amount in whole minor units, such as 分 / 金额（最小货币单位，如分）';
COMMENT ON COLUMN bi.fct_contracts.currency IS 'Currency, a code of ISO 4217 / 币种（ISO 4217）';
COMMENT ON COLUMN bi.fct_contracts.renewal_intent IS 'yes, no, unknown / 续签意向：yes 是，no 否，unknown 未知';
COMMENT ON COLUMN bi.fct_contracts.renewal_count IS 'How often it was renewed / 续签次数';
COMMENT ON COLUMN bi.fct_contracts.renewed_at IS 'When it was last renewed, UTC / 最近续签时间（UTC）';
COMMENT ON COLUMN bi.fct_contracts.ended_at IS 'When it was ended, UTC / 终止时间（UTC）';
COMMENT ON COLUMN bi.fct_contracts.end_reason IS 'Why it was ended / 终止原因';
COMMENT ON COLUMN bi.fct_contracts.is_in_force IS 'In force today / 今日是否有效';
COMMENT ON COLUMN bi.fct_contracts.is_run_out IS 'The term is over, and it was neither renewed nor ended / 是否已过期而未续签也未终止';

GRANT SELECT ON bi.fct_contracts TO bi_reader;

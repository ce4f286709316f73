CREATE OR REPLACE VIEW bi.fct_tier_changes AS
SELECT f.event_id AS tier_change_id, f.customer_id, f.data ->> 'scheme' AS tier_scheme, f.data ->> 'previous' AS previous_tier,
    f.data ->> 'tier' AS tier, NOT coalesce(f.data ? 'basis', false) AS is_manual, f.occurred_at AS changed_at,
    (f.occurred_at AT TIME ZONE z.zone)::date AS changed_date, f.recorded_at
FROM fact f CROSS JOIN (SELECT zone FROM business_zone LIMIT 1) z
WHERE f.type = 'care.customer.tier-changed.v1';

COMMENT ON VIEW bi.fct_tier_changes IS 'One row per change of a tier / 分层变更事实：每次分层变更一行';
COMMENT ON COLUMN bi.fct_tier_changes.tier_change_id IS 'The change / 变更编号';
COMMENT ON COLUMN bi.fct_tier_changes.customer_id IS 'The customer / 客户 ID';
COMMENT ON COLUMN bi.fct_tier_changes.tier_scheme IS 'The scheme, such as default or abc / 分层方案，如 default、abc';
COMMENT ON COLUMN bi.fct_tier_changes.previous_tier IS 'The tier before; empty for the first / 之前的分层；首次为空';
COMMENT ON COLUMN bi.fct_tier_changes.tier IS 'The tier from then on / 变更后的分层';
COMMENT ON COLUMN bi.fct_tier_changes.is_manual IS 'Set by hand, not by a rule / 是否手工设定（否则由规则得出）';
COMMENT ON COLUMN bi.fct_tier_changes.changed_at IS 'When it took place, UTC / 发生时间（UTC）';
COMMENT ON COLUMN bi.fct_tier_changes.changed_date IS 'The same as a date in the business zone / 发生日期（业务时区）';
COMMENT ON COLUMN bi.fct_tier_changes.recorded_at IS 'When it was recorded, UTC / 记录时间（UTC）';

GRANT SELECT ON bi.fct_tier_changes TO bi_reader;

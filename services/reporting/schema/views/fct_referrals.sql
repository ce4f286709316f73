CREATE OR REPLACE VIEW bi.fct_referrals AS
SELECT f.event_id AS referral_id, f.customer_id, (f.data ->> 'referred_customer_id')::uuid AS referred_customer_id,
    f.occurred_at AS referred_at, (f.occurred_at AT TIME ZONE z.zone)::date AS referred_date, f.recorded_at
FROM fact f CROSS JOIN (SELECT zone FROM business_zone LIMIT 1) z
WHERE f.type = 'care.customer.referral-made.v1';

COMMENT ON VIEW bi.fct_referrals IS 'One row per referral by a customer / 转介绍事实：客户每次转介绍一行';
COMMENT ON COLUMN bi.fct_referrals.referral_id IS 'The referral / 转介绍编号';
COMMENT ON COLUMN bi.fct_referrals.customer_id IS 'The customer who recommended us / 推荐人客户 ID';
COMMENT ON COLUMN bi.fct_referrals.referred_customer_id IS 'The customer that was won, if it is registered / 被推荐的客户 ID（如已登记）';
COMMENT ON COLUMN bi.fct_referrals.referred_at IS 'When it took place, UTC / 发生时间（UTC）';
COMMENT ON COLUMN bi.fct_referrals.referred_date IS 'The same as a date in the business zone / 发生日期（业务时区）';
COMMENT ON COLUMN bi.fct_referrals.recorded_at IS 'When it was recorded, UTC / 记录时间（UTC）';

GRANT SELECT ON bi.fct_referrals TO bi_reader;

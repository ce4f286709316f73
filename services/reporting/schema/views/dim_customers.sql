CREATE OR REPLACE VIEW bi.dim_customers AS
SELECT c.customer_id, c.kind AS customer_kind, c.company_name, c.stage, c.mode, c.stage_since AS stage_since_at,
    c.tiers ->> 'default' AS tier, c.tiers ->> 'abc' AS tier_abc, c.owner_id, c.leader_id, c.need_type, c.industry,
    c.region, c.work_status, s.registered_at, (s.registered_at AT TIME ZONE z.zone)::date AS registered_date,
    greatest(c.last_contacted_at, h.last_human_contact_at) AS last_contact_at, h.last_human_contact_at,
    c.owner_id IS NULL AS is_ownerless, cardinality(c.helper_ids) AS helper_count
FROM customer c CROSS JOIN (SELECT zone FROM business_zone LIMIT 1) z LEFT JOIN LATERAL (
    SELECT max(o.occurred_at) AS last_human_contact_at FROM contact o
    WHERE NOT o.is_automated AND o.customer_id IN (
        SELECT c.customer_id UNION ALL SELECT d.customer_id FROM customer d WHERE d.merged_into = c.customer_id)
) h ON true CROSS JOIN LATERAL (
    SELECT least(c.registered_at,
        (SELECT min(o.placed_at) FROM customer_order o WHERE o.customer_id = c.customer_id),
        (SELECT min(coalesce(q.requested_at, q.first_issued_at)) FROM quote q WHERE q.customer_id = c.customer_id),
        (SELECT min(k.signed_at) FROM contract k WHERE k.customer_id = c.customer_id),
        (SELECT min(o.occurred_at) FROM contact o WHERE o.customer_id = c.customer_id AND NOT o.is_automated),
        (SELECT min(m.raised_at) FROM complaint m WHERE m.customer_id = c.customer_id),
        (SELECT min(v.answered_at) FROM survey v WHERE v.customer_id = c.customer_id)) AS registered_at
    -- OFFSET keeps it from being calculated again for its date.
    OFFSET 0
) s
WHERE c.merged_into IS NULL;

COMMENT ON VIEW bi.dim_customers IS
    'One row per customer in its present state; merged duplicates have none / 客户维度：每个客户一行，为当前状态；已合并的重复客户不单列';
COMMENT ON COLUMN bi.dim_customers.customer_id IS 'The customer / 客户 ID';
COMMENT ON COLUMN bi.dim_customers.customer_kind IS 'company or person / 客户类型：company 企业，person 个人';
COMMENT ON COLUMN bi.dim_customers.company_name IS
    'Name of a company; empty for persons, whose names are not stored here / 企业名称；个人姓名不在此保存，故为空';
COMMENT ON COLUMN bi.dim_customers.stage IS 'new, interested, signed, established, lost / 生命周期阶段：新客户、意向、签约、老客户、流失';
COMMENT ON COLUMN bi.dim_customers.mode IS
    'follow-up before the deal, maintenance after it, empty when lost / 模式：成交前跟进，成交后维护，流失为空';
COMMENT ON COLUMN bi.dim_customers.stage_since_at IS 'When it entered its present stage, UTC / 进入当前阶段的时间（UTC）';
COMMENT ON COLUMN bi.dim_customers.tier IS
    'Tier in the default scheme: vip, growth, ordinary / 默认方案的客户分层：vip 重点、growth 成长型、ordinary 普通';
COMMENT ON COLUMN bi.dim_customers.tier_abc IS 'Tier in the scheme abc / abc 方案的客户分层';
COMMENT ON COLUMN bi.dim_customers.owner_id IS 'The owner / 负责人工号';
COMMENT ON COLUMN bi.dim_customers.leader_id IS 'The leader of the owner / 负责人的主管工号';
COMMENT ON COLUMN bi.dim_customers.need_type IS 'Type of need / 需求类型';
COMMENT ON COLUMN bi.dim_customers.industry IS 'Industry / 行业';
COMMENT ON COLUMN bi.dim_customers.region IS 'Region / 地区';
COMMENT ON COLUMN bi.dim_customers.work_status IS 'Follow-up status as stated by the source / 来源系统给出的跟进状态';
COMMENT ON COLUMN bi.dim_customers.registered_at IS
    'When it was registered, or its earliest known fact if that is earlier, UTC / 登记时间；已知的最早事实更早时取该时间（UTC）';
COMMENT ON COLUMN bi.dim_customers.registered_date IS 'The same as a date in the business zone / 登记日期（业务时区）';
COMMENT ON COLUMN bi.dim_customers.last_contact_at IS
    'The later of the last recorded contact by a person and the one stated by the source, UTC / 最近沟通时间：人工沟通与来源所述取较晚者（UTC）';
COMMENT ON COLUMN bi.dim_customers.last_human_contact_at IS
    'Last recorded contact by a person, UTC / 有记录的最近一次人工沟通时间（UTC）';
COMMENT ON COLUMN bi.dim_customers.is_ownerless IS 'It has no owner / 是否无人负责';
COMMENT ON COLUMN bi.dim_customers.helper_count IS 'Number of helpers / 协作人数';

GRANT SELECT ON bi.dim_customers TO bi_reader;

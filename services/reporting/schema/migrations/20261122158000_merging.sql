-- migrate:up

-- Under which id a duplicate goes on (ADR 0013).
ALTER TABLE customer ADD COLUMN merged_into uuid;
CREATE INDEX customer_merged_into ON customer (merged_into) WHERE merged_into IS NOT NULL;

CREATE OR REPLACE VIEW bi.dim_customers AS
SELECT c.customer_id, c.kind AS customer_kind, c.company_name, c.stage, c.mode, c.stage_since AS stage_since_at,
    c.tiers ->> 'default' AS tier, c.tiers ->> 'abc' AS tier_abc, c.owner_id, c.leader_id, c.need_type, c.industry,
    c.region, c.work_status, c.registered_at, (c.registered_at AT TIME ZONE z.zone)::date AS registered_date,
    greatest(c.last_contacted_at, h.last_human_contact_at) AS last_contact_at, h.last_human_contact_at,
    c.owner_id IS NULL AS is_ownerless, cardinality(c.helper_ids) AS helper_count
FROM customer c CROSS JOIN business_zone z LEFT JOIN LATERAL (
    SELECT max(o.occurred_at) AS last_human_contact_at FROM contact o
    WHERE NOT o.is_automated AND o.customer_id IN (
        SELECT c.customer_id UNION ALL SELECT d.customer_id FROM customer d WHERE d.merged_into = c.customer_id)
) h ON true
WHERE c.merged_into IS NULL;

CREATE VIEW bi.dim_customer_ids AS
SELECT customer_id AS recorded_customer_id, coalesce(merged_into, customer_id) AS customer_id,
    merged_into IS NOT NULL AS is_duplicate
FROM customer;

COMMENT ON VIEW bi.dim_customers IS
    'One row per customer, as it stands now; duplicates that were merged have none / 客户维度：每个客户一行，为当前状态；已合并的重复客户不单列';
COMMENT ON VIEW bi.dim_customer_ids IS
    'Under which customer each id goes on: join facts by recorded_customer_id / 客户编号对照：事实表经 recorded_customer_id 关联到合并后的客户';
COMMENT ON COLUMN bi.dim_customer_ids.recorded_customer_id IS 'The id that facts were recorded under / 事实记录时的客户编号';
COMMENT ON COLUMN bi.dim_customer_ids.customer_id IS 'The customer that it is now / 合并后的客户编号';
COMMENT ON COLUMN bi.dim_customer_ids.is_duplicate IS 'Whether it was merged into another / 是否已并入其他客户';
GRANT SELECT ON bi.dim_customer_ids TO bi_reader;

-- migrate:down
DROP VIEW bi.dim_customer_ids;
CREATE OR REPLACE VIEW bi.dim_customers AS
SELECT c.customer_id, c.kind AS customer_kind, c.company_name, c.stage, c.mode, c.stage_since AS stage_since_at,
    c.tiers ->> 'default' AS tier, c.tiers ->> 'abc' AS tier_abc, c.owner_id, c.leader_id, c.need_type, c.industry,
    c.region, c.work_status, c.registered_at, (c.registered_at AT TIME ZONE z.zone)::date AS registered_date,
    greatest(c.last_contacted_at, h.last_human_contact_at) AS last_contact_at, h.last_human_contact_at,
    c.owner_id IS NULL AS is_ownerless, cardinality(c.helper_ids) AS helper_count
FROM customer c CROSS JOIN business_zone z LEFT JOIN LATERAL (
    SELECT max(o.occurred_at) AS last_human_contact_at FROM contact o
    WHERE o.customer_id = c.customer_id AND NOT o.is_automated
) h ON true;
ALTER TABLE customer DROP COLUMN merged_into;

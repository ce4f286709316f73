CREATE OR REPLACE VIEW bi.dim_customer_ids AS
SELECT customer_id AS recorded_customer_id, coalesce(merged_into, customer_id) AS customer_id,
    merged_into IS NOT NULL AS is_duplicate
FROM customer;

COMMENT ON VIEW bi.dim_customer_ids IS
    'The present customer of each recorded id: join facts by recorded_customer_id / 客户 ID 对照：事实表经 recorded_customer_id 关联到合并后的客户';
COMMENT ON COLUMN bi.dim_customer_ids.recorded_customer_id IS 'The id under which facts were recorded / 事实记录时的客户 ID';
COMMENT ON COLUMN bi.dim_customer_ids.customer_id IS 'The present customer, after merges / 合并后的客户 ID';
COMMENT ON COLUMN bi.dim_customer_ids.is_duplicate IS 'Whether it was merged into another / 是否已并入其他客户';

GRANT SELECT ON bi.dim_customer_ids TO bi_reader;

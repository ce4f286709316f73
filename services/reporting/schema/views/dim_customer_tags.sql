CREATE OR REPLACE VIEW bi.dim_customer_tags AS
SELECT t.customer_id, t.tag, t.changed_at AS tagged_at
FROM (
    SELECT DISTINCT ON (f.customer_id, f.data ->> 'tag') f.customer_id, f.data ->> 'tag' AS tag,
        f.type = 'care.customer.tag-added.v1' AS is_added, f.occurred_at AS changed_at
    FROM fact f WHERE f.type IN ('care.customer.tag-added.v1', 'care.customer.tag-removed.v1')
    ORDER BY f.customer_id, f.data ->> 'tag', f.position DESC
) t
WHERE t.is_added;

COMMENT ON VIEW bi.dim_customer_tags IS 'One row per tag that a customer has now / 客户当前标签：每个标签一行';
COMMENT ON COLUMN bi.dim_customer_tags.customer_id IS 'The customer / 客户 ID';
COMMENT ON COLUMN bi.dim_customer_tags.tag IS 'The tag / 标签';
COMMENT ON COLUMN bi.dim_customer_tags.tagged_at IS 'When it was added, UTC / 添加时间（UTC）';

GRANT SELECT ON bi.dim_customer_tags TO bi_reader;

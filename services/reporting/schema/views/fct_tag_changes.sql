CREATE OR REPLACE VIEW bi.fct_tag_changes AS
SELECT f.event_id AS tag_change_id, f.customer_id, f.data ->> 'tag' AS tag,
    f.type = 'care.customer.tag-added.v1' AS is_added, f.occurred_at AS changed_at,
    (f.occurred_at AT TIME ZONE z.zone)::date AS changed_date, f.recorded_at
FROM fact f CROSS JOIN (SELECT zone FROM business_zone LIMIT 1) z
WHERE f.type IN ('care.customer.tag-added.v1', 'care.customer.tag-removed.v1');

COMMENT ON VIEW bi.fct_tag_changes IS 'One row per tag that was added or removed / 标签变更事实：每次添加或移除一行';
COMMENT ON COLUMN bi.fct_tag_changes.tag_change_id IS 'The change / 变更编号';
COMMENT ON COLUMN bi.fct_tag_changes.customer_id IS 'The customer / 客户 ID';
COMMENT ON COLUMN bi.fct_tag_changes.tag IS 'The tag / 标签';
COMMENT ON COLUMN bi.fct_tag_changes.is_added IS 'Added, or else removed / 是否为添加（否则为移除）';
COMMENT ON COLUMN bi.fct_tag_changes.changed_at IS 'When it took place, UTC / 发生时间（UTC）';
COMMENT ON COLUMN bi.fct_tag_changes.changed_date IS 'The same as a date in the business zone / 发生日期（业务时区）';
COMMENT ON COLUMN bi.fct_tag_changes.recorded_at IS 'When it was recorded, UTC / 记录时间（UTC）';

GRANT SELECT ON bi.fct_tag_changes TO bi_reader;

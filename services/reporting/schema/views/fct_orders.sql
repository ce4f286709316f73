CREATE OR REPLACE VIEW bi.fct_orders AS
SELECT o.order_id, o.customer_id, o.external_system AS source_system, o.external_id AS order_number,
    o.category AS product_category, o.amount_minor, o.currency, o.placed_at,
    (o.placed_at AT TIME ZONE z.zone)::date AS placed_date, o.delivered_at,
    (o.delivered_at AT TIME ZONE z.zone)::date AS delivered_date, o.cancelled_at, o.cancel_reason,
    o.delivered_at IS NOT NULL AS is_delivered, o.cancelled_at IS NOT NULL AS is_cancelled
FROM customer_order o CROSS JOIN (SELECT zone FROM business_zone LIMIT 1) z;

COMMENT ON VIEW bi.fct_orders IS 'One row per order (accumulating) / 订单事实：每个订单一行，累积更新';
COMMENT ON COLUMN bi.fct_orders.order_id IS 'The order / 订单编号';
COMMENT ON COLUMN bi.fct_orders.customer_id IS 'The customer / 客户 ID';
COMMENT ON COLUMN bi.fct_orders.source_system IS 'The system that numbered it; empty if it was recorded by hand / 来源系统；手工登记为空';
COMMENT ON COLUMN bi.fct_orders.order_number IS 'Its number in that system / 来源系统中的订单号';
COMMENT ON COLUMN bi.fct_orders.product_category IS 'What was ordered / 产品类别';
COMMENT ON COLUMN bi.fct_orders.amount_minor IS 'Amount in whole minor units, such as 分 / 金额（最小货币单位，如分）';
COMMENT ON COLUMN bi.fct_orders.currency IS 'Currency, a code of ISO 4217 / 币种（ISO 4217）';
COMMENT ON COLUMN bi.fct_orders.placed_at IS 'When it was placed, UTC / 下单时间（UTC）';
COMMENT ON COLUMN bi.fct_orders.placed_date IS 'The same as a date in the business zone / 下单日期（业务时区）';
COMMENT ON COLUMN bi.fct_orders.delivered_at IS 'When all of it was delivered, UTC / 交付时间（UTC）';
COMMENT ON COLUMN bi.fct_orders.delivered_date IS 'The same as a date in the business zone / 交付日期（业务时区）';
COMMENT ON COLUMN bi.fct_orders.cancelled_at IS 'When it was cancelled, UTC / 取消时间（UTC）';
COMMENT ON COLUMN bi.fct_orders.cancel_reason IS 'Why it was cancelled / 取消原因';
COMMENT ON COLUMN bi.fct_orders.is_delivered IS 'Delivered / 是否已交付';
COMMENT ON COLUMN bi.fct_orders.is_cancelled IS 'Cancelled / 是否已取消';

GRANT SELECT ON bi.fct_orders TO bi_reader;

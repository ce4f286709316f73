CREATE OR REPLACE VIEW bi.fct_quotes AS
SELECT q.quote_id, q.customer_id, q.external_system AS source_system, q.external_id AS quote_number,
    q.category AS product_category, q.requested_at, q.first_issued_at,
    (q.first_issued_at AT TIME ZONE z.zone)::date AS first_issued_date, q.issued_at, q.issues AS issue_count,
    q.amount_minor, q.currency, q.comparisons AS comparison_count, q.compared_at, q.competitor,
    q.first_issued_at IS NOT NULL AS is_issued
FROM quote q CROSS JOIN (SELECT zone FROM business_zone LIMIT 1) z;

COMMENT ON VIEW bi.fct_quotes IS 'One row per quote (accumulating) / 报价事实：每份报价一行，累积更新';
COMMENT ON COLUMN bi.fct_quotes.quote_id IS 'The quote / 报价编号';
COMMENT ON COLUMN bi.fct_quotes.customer_id IS 'The customer / 客户 ID';
COMMENT ON COLUMN bi.fct_quotes.source_system IS 'The system that numbered it; empty if it was recorded by hand / 来源系统；手工登记为空';
COMMENT ON COLUMN bi.fct_quotes.quote_number IS 'Its number in that system / 来源系统中的报价号';
COMMENT ON COLUMN bi.fct_quotes.product_category IS 'What was asked for / 产品类别';
COMMENT ON COLUMN bi.fct_quotes.requested_at IS 'When it was requested, UTC; empty if it was issued without a request / 询价时间（UTC）；直接报价为空';
COMMENT ON COLUMN bi.fct_quotes.first_issued_at IS 'When it was first issued, UTC / 首次报价时间（UTC）';
COMMENT ON COLUMN bi.fct_quotes.first_issued_date IS 'The same as a date in the business zone / 首次报价日期（业务时区）';
COMMENT ON COLUMN bi.fct_quotes.issued_at IS 'When it was last issued, UTC / 最近报价时间（UTC）';
COMMENT ON COLUMN bi.fct_quotes.issue_count IS 'How often it was issued / 报价次数';
COMMENT ON COLUMN bi.fct_quotes.amount_minor IS 'Amount of the last issue in whole minor units, such as 分 / 最近报价金额（最小货币单位，如分）';
COMMENT ON COLUMN bi.fct_quotes.currency IS 'Currency, a code of ISO 4217 / 币种（ISO 4217）';
COMMENT ON COLUMN bi.fct_quotes.comparison_count IS 'How often the customer compared it / 客户比价次数';
COMMENT ON COLUMN bi.fct_quotes.compared_at IS 'When it was last compared, UTC / 最近比价时间（UTC）';
COMMENT ON COLUMN bi.fct_quotes.competitor IS 'Who issued the quote that it was last compared with, if known / 最近比价的竞争对手（如有）';
COMMENT ON COLUMN bi.fct_quotes.is_issued IS 'Issued at least once / 是否已报价';

GRANT SELECT ON bi.fct_quotes TO bi_reader;

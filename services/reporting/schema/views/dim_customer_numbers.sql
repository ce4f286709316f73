CREATE OR REPLACE VIEW bi.dim_customer_numbers AS
SELECT f.customer_id, f.data ->> 'external_system' AS source_system, f.data ->> 'external_id' AS customer_number,
    f.type = 'care.customer.registered.v1' AS is_first, f.recorded_at AS added_at
FROM fact f
WHERE f.type IN ('care.customer.registered.v1', 'care.customer.reference-added.v1') AND f.data ->> 'external_id' IS NOT NULL;

COMMENT ON VIEW bi.dim_customer_numbers IS 'One row per number of a customer in another system / 客户在其他系统中的编号：每个编号一行';
COMMENT ON COLUMN bi.dim_customer_numbers.customer_id IS 'The customer / 客户编号';
COMMENT ON COLUMN bi.dim_customer_numbers.source_system IS 'The other system / 来源系统';
COMMENT ON COLUMN bi.dim_customer_numbers.customer_number IS 'The number there / 该系统中的客户编号';
COMMENT ON COLUMN bi.dim_customer_numbers.is_first IS 'Whether the customer was registered with it / 是否登记时的编号';
COMMENT ON COLUMN bi.dim_customer_numbers.added_at IS 'When it was recorded, UTC / 登记时间（UTC）';

GRANT SELECT ON bi.dim_customer_numbers TO bi_reader;

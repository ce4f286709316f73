CREATE OR REPLACE VIEW bi.fct_lifecycle_transitions AS
SELECT s.event_id AS transition_id, s.customer_id, s.previous AS previous_stage, s.stage, s.reason, s.occurred_at,
    (s.occurred_at AT TIME ZONE z.zone)::date AS occurred_date, s.recorded_at,
    s.previous IS NULL AS is_registration, EXISTS (
        SELECT FROM stage_transition n
        WHERE n.customer_id = s.customer_id AND n.occurred_at = s.occurred_at AND n.position > s.position
    ) AS is_passed_through
FROM stage_transition s CROSS JOIN (SELECT zone FROM business_zone LIMIT 1) z;

COMMENT ON VIEW bi.fct_lifecycle_transitions IS 'One row per entry of a customer into a stage / 阶段变更事实：客户每进入一个阶段一行';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.transition_id IS 'The event / 所依据的事件编号';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.customer_id IS 'The customer / 客户 ID';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.previous_stage IS
    'The stage before; empty at registration / 之前的阶段；登记时为空';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.stage IS 'The stage entered / 进入的阶段';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.reason IS 'Reason / 原因';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.occurred_at IS 'When it happened, UTC / 发生时间（UTC）';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.occurred_date IS 'The same as a date in the business zone / 发生日期（业务时区）';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.recorded_at IS 'When it was recorded, UTC / 记录时间（UTC）';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.is_registration IS 'The first entry, by registration / 是否为登记时的首次进入';
COMMENT ON COLUMN bi.fct_lifecycle_transitions.is_passed_through IS
    'Left again in the same instant, such as new when another stage was stated at entry / 是否同一时刻即离开（如登记时直接给出其他阶段）';

GRANT SELECT ON bi.fct_lifecycle_transitions TO bi_reader;

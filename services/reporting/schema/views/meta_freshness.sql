CREATE OR REPLACE VIEW bi.meta_freshness AS
SELECT p.consumer, p.topic, p.position, e.last_event_recorded_at, p.complete_until_at,
    extract(epoch FROM clock_timestamp() - p.complete_until_at)::double precision AS lag_seconds
FROM (
    SELECT consumer, topic, max(position) AS position, nullif(min(watermark), 'epoch') AS complete_until_at
    FROM consumer_position WHERE consumer = 'reporting' GROUP BY consumer, topic
) p LEFT JOIN LATERAL (
    SELECT f.recorded_at AS last_event_recorded_at FROM fact f
    WHERE f.feed = CASE p.topic WHEN 'care.alert.events.v1' THEN 'alerts' ELSE split_part(p.topic, '.', 2) END
    ORDER BY f.position DESC LIMIT 1
) e ON true;

COMMENT ON VIEW bi.meta_freshness IS 'Progress of the read model, per topic / 数据新鲜度：每个主题的处理进度';
COMMENT ON COLUMN bi.meta_freshness.consumer IS 'The consumer / 消费者';
COMMENT ON COLUMN bi.meta_freshness.topic IS 'The topic read / 主题';
COMMENT ON COLUMN bi.meta_freshness.position IS 'The highest position applied / 已处理的最大位置';
COMMENT ON COLUMN bi.meta_freshness.last_event_recorded_at IS
    'When the last event applied was recorded, UTC / 最后处理事件的记录时间（UTC）';
COMMENT ON COLUMN bi.meta_freshness.complete_until_at IS
    'No event recorded before this time is missing, UTC / 此前记录的事实均已处理（UTC）';
COMMENT ON COLUMN bi.meta_freshness.lag_seconds IS 'Seconds since then / 距今秒数';

GRANT SELECT ON bi.meta_freshness TO bi_reader;

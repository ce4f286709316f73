-- What the reporting service held under the names of before.
INSERT INTO timeline (event_id, topic, position, customer_id, stream_id, type, occurred_at, recorded_at, actor, data)
SELECT gen_random_uuid(), topic, n, '01900000-0000-7000-8000-000000000001', gen_random_uuid(), type, now(), now(), 'E1007', data
FROM (VALUES
    (1, 'care.customer.events.v1', 'care.customer.registered.v1', '{"source": "facts-in"}'::jsonb),
    (2, 'care.customer.events.v1', 'care.customer.told-apart.v1', '{}'),
    (3, 'care.customer.events.v1', 'care.customer.news-heard.v1', '{}'),
    (1, 'care.followup.events.v1', 'care.followup.complaint-told.v1', '{}'),
    (2, 'care.followup.events.v1', 'care.followup.words-purged.v1', '{}')
) AS old (n, topic, type, data);
INSERT INTO complaint (complaint_id, customer_id, owner_id, channel, severity, raised_at, answers, told_at)
VALUES ('01900000-0000-7000-8000-000000000004', '01900000-0000-7000-8000-000000000001', 'E1007', 'phone', 'high',
    '2024-06-01T01:00:00Z', 1, '2024-06-03T01:00:00Z');
INSERT INTO purge_heard (erasure_id, subject, entries, heard_at, confirmed_at)
VALUES ('01900000-0000-7000-8000-0000000000e1', '01900000-0000-7000-8000-000000000001', 0, '2024-06-03T01:05:00Z', now());
INSERT INTO parked_event (consumer, topic, partition, position, subject, headers, value, reason) VALUES
    ('reporting', 'care.followup.events.v1', 1, 4, '01900000-0000-7000-8000-000000000001',
        '{"ce_type": "care.followup.complaint-told.v1"}',
        convert_to('{"type":"care.followup.complaint-told.v1","channel":"phone"}', 'UTF8'), 'a reason');

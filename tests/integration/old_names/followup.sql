-- What the followup service held under the names of before.
INSERT INTO event (position, stream_id, version, subject, type, state, recorded_at)
SELECT n, '01900000-0000-7000-8000-000000000004', n, '01900000-0000-7000-8000-000000000001', type,
    convert_to('{"id":"01900000-0000-7000-8000-00000000010' || n || '","occurred_at":"2024-06-03T01:00:00Z","metadata":{"actor":"E1007","correlation_id":"req-20240603-0001"},"data":{"type":"' || type || '",' || rest || '}}', 'UTF8'),
    '2024-06-03T01:02:00Z'
FROM (VALUES
    (1, 'care.followup.complaint-told.v1', '"channel":"phone","consent_at":"2024-06-07T10:00:00Z","consent_workdays":5'),
    (2, 'care.followup.words-purged.v1', '"erasure_id":"01900000-0000-7000-8000-0000000000e1","entries":7'),
    (3, 'care.followup.complaint-confirmed.v1', '"is_settled":true')
) AS old (n, type, rest);
INSERT INTO complaint (complaint_id, version, customer_id, owner_id, state, channel, severity, answer_refs, raised_at,
    told_at, consent_at)
VALUES
    ('01900000-0000-7000-8000-000000000004', 3, '01900000-0000-7000-8000-000000000001', 'E1007', 'told', 'phone', 'high',
        '{}', '2024-06-01T01:00:00Z', '2024-06-03T01:00:00Z', '2024-06-07T10:00:00Z'),
    ('01900000-0000-7000-8000-000000000005', 9, '01900000-0000-7000-8000-000000000001', 'E1007', 'closed', 'phone', 'high',
        '{}', '2024-06-01T01:00:00Z', NULL, NULL);
INSERT INTO purge (subject, version, entries, purged_at)
VALUES ('01900000-0000-7000-8000-000000000002', 4, 3, '2024-06-03T01:03:00Z');
INSERT INTO parked_event (consumer, topic, partition, position, subject, headers, value, reason) VALUES
    ('followup-customers', 'care.customer.events.v1', 1, 4, '01900000-0000-7000-8000-000000000001',
        '{"ce_type": "care.customer.told-apart.v1"}',
        convert_to('{"type":"care.customer.told-apart.v1","other_id":"01900000-0000-7000-8000-00000000000b"}', 'UTF8'),
        'a reason');
INSERT INTO event (position, stream_id, version, subject, type, state, recorded_at)
VALUES (4, '01900000-0000-7000-8000-000000000009', 1, '01900000-0000-7000-8000-000000000009',
    'care.followup.plan-template-published.v1',
    convert_to('{"data":{"type":"care.followup.plan-template-published.v1","starts_on":[{"event":"care.followup.complaint-told.v1"}]}}', 'UTF8'),
    '2024-06-03T01:02:00Z');
INSERT INTO plan_template (name, number, data)
VALUES ('after-complaint', 1, '{"starts_on": [{"event": "care.followup.complaint-told.v1"}], "ends_on": [{"event": "care.customer.news-heard.v1"}]}');

-- What the customer service held under the names of before.
INSERT INTO event (position, stream_id, version, subject, type, state, recorded_at)
SELECT n, '01900000-0000-7000-8000-000000000001', n, '01900000-0000-7000-8000-000000000001', type,
    convert_to('{"id":"01900000-0000-7000-8000-00000000010' || n || '","occurred_at":"2024-06-03T01:00:00Z","metadata":{"actor":"E1007","correlation_id":"req-20240603-0001"},"data":{"type":"' || type || '",' || rest || '}}', 'UTF8'),
    '2024-06-03T01:02:00Z'
FROM (VALUES
    (1, 'care.customer.registered.v1', '"kind":"company","name":"上海腾云","source":"facts-in"'),
    (2, 'care.customer.told-apart.v1', '"other_id":"01900000-0000-7000-8000-00000000000b"'),
    (3, 'care.customer.news-heard.v1', '"topic":"new-project","text_ref":"01900000-0000-7000-8000-000000000006"'),
    (4, 'care.customer.erased.v1', '"reason":"requested-by-person"')
) AS old (n, type, rest);
INSERT INTO idempotency (key, request_hash, status, body) VALUES ('customer-facts-in|erp|so-1007', '\x00', 200, '\x7b7d');
INSERT INTO vault (id, subject, field, value)
VALUES ('01900000-0000-7000-8000-000000000006', '01900000-0000-7000-8000-000000000001', 'text', '新项目上线');
INSERT INTO purge (subject, version, entries, purged_at)
VALUES ('01900000-0000-7000-8000-000000000002', 4, 3, '2024-06-03T01:03:00Z');
INSERT INTO purge_answer (erasure_id, service, entries, purged_at)
VALUES ('01900000-0000-7000-8000-0000000000e1', 'followup', 7, '2024-06-03T01:04:00Z');
INSERT INTO purge_confirmation (erasure_id, service, entries, heard_at)
VALUES ('01900000-0000-7000-8000-0000000000e1', 'alerts', 0, '2024-06-03T01:05:00Z');
INSERT INTO touch (touch_id, customer_id, kind, at, score)
VALUES ('01900000-0000-7000-8000-000000000004', '01900000-0000-7000-8000-000000000001', 'nps', '2024-06-03T01:00:00Z', 9);
INSERT INTO parked_event (consumer, topic, partition, position, subject, headers, value, reason) VALUES
    ('customer-facts-in', 'care.customer.facts-in.v1', 0, 1, '01900000-0000-7000-8000-000000000001',
        '{"ce_id": "1", "ce_source": "erp", "ce_type": "care.told.company-known.v1", "ce_time": "2024-06-03T01:00:00Z"}',
        convert_to('{"customer":{"system":"erp","id":"K-9"},"name":"北京新创"}', 'UTF8'), 'a reason'),
    ('customer-facts-in', 'care.customer.facts-in.v1', 0, 2, '01900000-0000-7000-8000-000000000001',
        '{"content-type": "application/cloudevents+json"}',
        convert_to('{"id":"2","source":"erp","type":"care.told.order-delivered.v1","time":"2024-06-03T01:00:00Z","data":{"customer":{"system":"erp","id":"K-9"},"order":{"system":"erp","id":"so-1"}}}', 'UTF8'),
        'a reason'),
    ('customer-facts-in', 'care.customer.facts-in.v1', 0, 3, '01900000-0000-7000-8000-000000000001',
        '{"ce_type": "care.told.order-placed.v1"}', '\xff00', 'no text at all'),
    ('customer-purge-answers', 'care.alert.purge-answers.v1', 0, 1, '01900000-0000-7000-8000-000000000001',
        '{"ce_id": "3", "ce_source": "/care/alerts", "ce_type": "care.purge.confirmed.v1", "ce_time": "2024-06-03T01:00:00Z"}',
        convert_to('{"customer_id":"01900000-0000-7000-8000-000000000001","erasure_id":"01900000-0000-7000-8000-0000000000e1","service":"alerts","entries":0,"heard_at":"2024-06-03T01:05:00Z"}', 'UTF8'),
        'a reason'),
    ('followup', 'care.followup.events.v1', 1, 4, '01900000-0000-7000-8000-000000000001',
        '{"ce_type": "care.followup.words-purged.v1", "ce_dataschema": "/schemas/care.followup.words-purged.v1.json"}',
        convert_to('{"type":"care.followup.words-purged.v1","erasure_id":"01900000-0000-7000-8000-0000000000e1","entries":7}', 'UTF8'),
        'a reason');

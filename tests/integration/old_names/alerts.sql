-- What the alerts service held under the names of before.
INSERT INTO purge_heard (erasure_id, subject, entries, heard_at, confirmed_at)
VALUES ('01900000-0000-7000-8000-0000000000e1', '01900000-0000-7000-8000-000000000001', 0, '2024-06-03T01:05:00Z', NULL);
INSERT INTO parked_event (consumer, topic, partition, position, subject, headers, value, reason) VALUES
    ('alerts', 'care.followup.events.v1', 1, 4, '01900000-0000-7000-8000-000000000001',
        '{"ce_type": "care.followup.complaint-told.v1"}',
        convert_to('{"type":"care.followup.complaint-told.v1","channel":"phone"}', 'UTF8'), 'a reason');

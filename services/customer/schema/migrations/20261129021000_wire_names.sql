-- migrate:up

-- Types, topics and tables get the names that they have by now; what they hold stays.
-- A stored state names the type of its event, too.
UPDATE event SET type = n.new,
    state = convert_to(replace(convert_from(state, 'UTF8'), '"type":"' || n.old || '"', '"type":"' || n.new || '"'), 'UTF8')
FROM (VALUES ('care.customer.told-apart.v1', 'care.customer.marked-distinct.v1'),
    ('care.customer.news-heard.v1', 'care.customer.news-recorded.v1')) AS n (old, new)
WHERE event.type = n.old;
UPDATE event SET state = convert_to(replace(convert_from(state, 'UTF8'), '"source":"facts-in"', '"source":"inbound"'), 'UTF8')
WHERE position(convert_to('"source":"facts-in"', 'UTF8') IN state) > 0;
-- Under this key stands what other systems have written: told again, it is still one fact.
UPDATE idempotency SET key = replace(key, 'customer-facts-in|', 'customer-inbound|') WHERE key LIKE 'customer-facts-in|%';

-- What is parked may be no text at all, so its bytes are compared as digits.
CREATE FUNCTION pg_temp.renamed(value bytea, old text, new text) RETURNS bytea LANGUAGE sql AS $$
    SELECT decode(
        replace(encode(value, 'hex'), encode(convert_to(old, 'UTF8'), 'hex'), encode(convert_to(new, 'UTF8'), 'hex')),
        'hex')
$$;
UPDATE parked_event SET headers = replace(headers::text, n.old, n.new)::jsonb,
    value = pg_temp.renamed(value, '"type":"' || n.old || '"', '"type":"' || n.new || '"')
FROM (VALUES ('care.customer.told-apart.v1', 'care.customer.marked-distinct.v1'),
    ('care.customer.news-heard.v1', 'care.customer.news-recorded.v1'),
    ('care.followup.complaint-told.v1', 'care.followup.complaint-communicated.v1'),
    ('care.followup.words-purged.v1', 'care.followup.words-erased.v1')) AS n (old, new)
WHERE headers ->> 'ce_type' = n.old;
UPDATE parked_event SET consumer = 'customer-inbound', topic = 'care.customer.inbound.v1',
    headers = replace(replace(headers::text, 'care.told.company-known.', 'care.inbound.company-stated.'),
        'care.told.', 'care.inbound.')::jsonb,
    value = pg_temp.renamed(pg_temp.renamed(value, 'care.told.company-known.', 'care.inbound.company-stated.'),
        'care.told.', 'care.inbound.')
WHERE consumer = 'customer-facts-in';
UPDATE parked_event SET consumer = 'customer-erasure-answers', topic = replace(topic, '.purge-answers.', '.erasure-answers.'),
    headers = replace(headers::text, 'care.purge.confirmed.', 'care.erasure.confirmed.')::jsonb,
    value = pg_temp.renamed(value, '"heard_at":', '"received_at":')
WHERE consumer = 'customer-purge-answers';

ALTER TABLE purge_answer RENAME TO erasure_answer;
ALTER TABLE erasure_answer RENAME COLUMN purged_at TO erased_at;
ALTER INDEX purge_answer_pkey RENAME TO erasure_answer_pkey;
ALTER TABLE purge_confirmation RENAME TO erasure_confirmation;
ALTER TABLE erasure_confirmation RENAME COLUMN heard_at TO received_at;
ALTER INDEX purge_confirmation_pkey RENAME TO erasure_confirmation_pkey;
ALTER TABLE touch RENAME TO interaction;
ALTER TABLE interaction RENAME COLUMN touch_id TO interaction_id;
ALTER INDEX touch_pkey RENAME TO interaction_pkey;
ALTER INDEX touch_customer RENAME TO interaction_customer;

-- migrate:down
ALTER INDEX interaction_customer RENAME TO touch_customer;
ALTER INDEX interaction_pkey RENAME TO touch_pkey;
ALTER TABLE interaction RENAME COLUMN interaction_id TO touch_id;
ALTER TABLE interaction RENAME TO touch;
ALTER INDEX erasure_confirmation_pkey RENAME TO purge_confirmation_pkey;
ALTER TABLE erasure_confirmation RENAME COLUMN received_at TO heard_at;
ALTER TABLE erasure_confirmation RENAME TO purge_confirmation;
ALTER INDEX erasure_answer_pkey RENAME TO purge_answer_pkey;
ALTER TABLE erasure_answer RENAME COLUMN erased_at TO purged_at;
ALTER TABLE erasure_answer RENAME TO purge_answer;
UPDATE idempotency SET key = replace(key, 'customer-inbound|', 'customer-facts-in|') WHERE key LIKE 'customer-inbound|%';
-- A stored state names the type of its event, too.
UPDATE event SET type = n.new,
    state = convert_to(replace(convert_from(state, 'UTF8'), '"type":"' || n.old || '"', '"type":"' || n.new || '"'), 'UTF8')
FROM (VALUES ('care.customer.marked-distinct.v1', 'care.customer.told-apart.v1'),
    ('care.customer.news-recorded.v1', 'care.customer.news-heard.v1')) AS n (old, new)
WHERE event.type = n.old;

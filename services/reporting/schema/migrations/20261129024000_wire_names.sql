-- migrate:up

-- Types, tables and columns get the names that they have by now; what they hold stays.
UPDATE timeline SET type = n.new
FROM (VALUES ('care.customer.told-apart.v1', 'care.customer.marked-distinct.v1'),
    ('care.customer.news-heard.v1', 'care.customer.news-recorded.v1'),
    ('care.followup.complaint-told.v1', 'care.followup.complaint-communicated.v1'),
    ('care.followup.words-purged.v1', 'care.followup.words-erased.v1')) AS n (old, new)
WHERE timeline.type = n.old;
UPDATE timeline SET data = jsonb_set(data, '{source}', '"inbound"') WHERE data ->> 'source' = 'facts-in';

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

ALTER TABLE complaint RENAME COLUMN told_at TO communicated_at;

ALTER TABLE purge_heard RENAME TO erasure_received;
ALTER TABLE erasure_received RENAME COLUMN heard_at TO received_at;
ALTER INDEX purge_heard_pkey RENAME TO erasure_received_pkey;
ALTER INDEX purge_heard_subject RENAME TO erasure_received_subject;
ALTER INDEX purge_heard_unconfirmed RENAME TO erasure_received_unconfirmed;

-- migrate:down
ALTER INDEX erasure_received_unconfirmed RENAME TO purge_heard_unconfirmed;
ALTER INDEX erasure_received_subject RENAME TO purge_heard_subject;
ALTER INDEX erasure_received_pkey RENAME TO purge_heard_pkey;
ALTER TABLE erasure_received RENAME COLUMN received_at TO heard_at;
ALTER TABLE erasure_received RENAME TO purge_heard;

ALTER TABLE complaint RENAME COLUMN communicated_at TO told_at;
UPDATE timeline SET type = n.new
FROM (VALUES ('care.customer.marked-distinct.v1', 'care.customer.told-apart.v1'),
    ('care.customer.news-recorded.v1', 'care.customer.news-heard.v1'),
    ('care.followup.complaint-communicated.v1', 'care.followup.complaint-told.v1'),
    ('care.followup.words-erased.v1', 'care.followup.words-purged.v1')) AS n (old, new)
WHERE timeline.type = n.old;

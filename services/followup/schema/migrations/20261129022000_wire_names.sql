-- migrate:up

-- Types and columns get the names that they have by now; what they hold stays.
-- A stored state names the type of its event, too.
UPDATE event SET type = n.new,
    state = convert_to(replace(convert_from(state, 'UTF8'), '"type":"' || n.old || '"', '"type":"' || n.new || '"'), 'UTF8')
FROM (VALUES ('care.followup.complaint-told.v1', 'care.followup.complaint-communicated.v1'),
    ('care.followup.words-purged.v1', 'care.followup.words-erased.v1')) AS n (old, new)
WHERE event.type = n.old;

-- Plan templates and the survey policy name event types in their content, also those that wait to come into force.
UPDATE event SET state = convert_to(replace(convert_from(state, 'UTF8'), '"' || n.old || '"', '"' || n.new || '"'), 'UTF8')
FROM (VALUES ('care.customer.told-apart.v1', 'care.customer.marked-distinct.v1'),
    ('care.customer.news-heard.v1', 'care.customer.news-recorded.v1'),
    ('care.followup.complaint-told.v1', 'care.followup.complaint-communicated.v1')) AS n (old, new)
WHERE event.type IN ('care.followup.plan-template-published.v1', 'care.followup.survey-policy-published.v1')
    AND position('"' || n.old || '"' IN convert_from(state, 'UTF8')) > 0;

UPDATE plan_template SET data = replace(replace(replace(data::text, '"care.customer.told-apart.v1"', '"care.customer.marked-distinct.v1"'),
    '"care.customer.news-heard.v1"', '"care.customer.news-recorded.v1"'),
    '"care.followup.complaint-told.v1"', '"care.followup.complaint-communicated.v1"')::jsonb;

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

DROP INDEX complaint_consent;
ALTER TABLE complaint RENAME COLUMN told_at TO communicated_at;
UPDATE complaint SET state = 'communicated' WHERE state = 'told';
CREATE INDEX complaint_consent ON complaint (consent_at) WHERE state = 'communicated';

-- migrate:down
DROP INDEX complaint_consent;
UPDATE complaint SET state = 'told' WHERE state = 'communicated';
ALTER TABLE complaint RENAME COLUMN communicated_at TO told_at;
CREATE INDEX complaint_consent ON complaint (consent_at) WHERE state = 'told';
-- A stored state names the type of its event, too.
UPDATE event SET type = n.new,
    state = convert_to(replace(convert_from(state, 'UTF8'), '"type":"' || n.old || '"', '"type":"' || n.new || '"'), 'UTF8')
FROM (VALUES ('care.followup.complaint-communicated.v1', 'care.followup.complaint-told.v1'),
    ('care.followup.words-erased.v1', 'care.followup.words-purged.v1')) AS n (old, new)
WHERE event.type = n.old;

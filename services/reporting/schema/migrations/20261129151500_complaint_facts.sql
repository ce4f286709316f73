-- migrate:up

-- Events about a complaint from streams other than its own.
CREATE INDEX fact_of_complaint ON fact (((data ->> 'complaint_id')::uuid), position)
    WHERE type IN ('care.followup.complaint-escalated.v1', 'care.followup.complaint-linked.v1');

-- migrate:down
DROP INDEX fact_of_complaint;

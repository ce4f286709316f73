-- migrate:up

-- Who answers for each customer now: owner, leader, helpers. They may see its alerts, whenever those were raised.
CREATE TABLE customer_holders (
    customer_id uuid   PRIMARY KEY,
    owner_id    text,
    leader_id   text,
    helper_ids  text[] NOT NULL
);
CREATE INDEX customer_holders_owner ON customer_holders (owner_id);
CREATE INDEX customer_holders_leader ON customer_holders (leader_id);
CREATE INDEX customer_holders_helpers ON customer_holders USING gin (helper_ids);

-- Owners and leaders are remembered with the silence. Helpers are not: those from before are known once they are named again.
INSERT INTO customer_holders
SELECT customer_id, state::jsonb #>> '{facts,owner_id}', state::jsonb #>> '{facts,leader_id}', '{}' FROM silence;

-- Those beside them who may see an alert, because they have to act.
UPDATE alert SET holders = CASE WHEN payload ->> 'owner_id' IS DISTINCT FROM payload ->> 'customer_owner_id'
    THEN array_remove(ARRAY[payload ->> 'owner_id'], NULL) ELSE '{}' END;

GRANT SELECT, INSERT, UPDATE ON customer_holders TO care_app;

-- migrate:down
DROP TABLE customer_holders;

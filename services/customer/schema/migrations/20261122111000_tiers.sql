-- migrate:up
ALTER TABLE customer ADD COLUMN held_tiers text[] NOT NULL DEFAULT '{}';
ALTER TABLE customer ADD COLUMN proposed_tiers jsonb NOT NULL DEFAULT '{}';
CREATE INDEX customer_proposed ON customer (customer_id) WHERE proposed_tiers <> '{}';
UPDATE customer SET held_tiers = ARRAY(SELECT jsonb_object_keys(tiers)) WHERE tiers <> '{}';

-- The schemes in force. `passed_to`: up to which customer a new version has been brought; null once that is done.
CREATE TABLE tier_scheme (
    name         text    PRIMARY KEY,
    number       integer NOT NULL,
    is_evaluated boolean NOT NULL,
    data         jsonb   NOT NULL,
    passed_to    uuid
);

-- Whom the rules have to look at, and when; null where neither a fact nor time asks for it.
CREATE TABLE tier_due (
    customer_id uuid PRIMARY KEY,
    due_at      timestamptz
);
CREATE INDEX tier_due_at ON tier_due (due_at);

-- When somebody spoke with a customer, and when it complained: taken from followup's topic, counted by rules.
CREATE TABLE touch (
    touch_id    uuid        PRIMARY KEY,
    customer_id uuid        NOT NULL,
    kind        text        NOT NULL,
    at          timestamptz NOT NULL
);
CREATE INDEX touch_customer ON touch (customer_id, at);

GRANT SELECT, INSERT, UPDATE ON tier_scheme, tier_due, touch TO care_app;

-- migrate:down
DROP TABLE tier_scheme, tier_due, touch;
ALTER TABLE customer DROP COLUMN held_tiers, DROP COLUMN proposed_tiers;

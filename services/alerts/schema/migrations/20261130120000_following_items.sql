-- migrate:up

-- Which changes of the customer concern an item: of its owner, if nobody else has to act, and of its tier. So a change
-- reads these items only. Until a row is written again, both are assumed.
ALTER TABLE silence_item ADD COLUMN follows_owner boolean NOT NULL DEFAULT true;
ALTER TABLE silence_item ADD COLUMN follows_tier boolean NOT NULL DEFAULT true;

-- migrate:down
ALTER TABLE silence_item DROP COLUMN follows_tier, DROP COLUMN follows_owner;

-- migrate:up

-- The memory is stored as MessagePack. What is JSON stays JSON until it is written again.
ALTER TABLE silence ALTER COLUMN rest TYPE bytea USING convert_to(rest, 'UTF8');
ALTER TABLE silence_item ADD COLUMN has_open boolean NOT NULL DEFAULT false;
UPDATE silence_item SET has_open = true WHERE state LIKE '%"open":{%';
ALTER TABLE silence_item ALTER COLUMN has_open DROP DEFAULT;
ALTER TABLE silence_item ALTER COLUMN state TYPE bytea USING convert_to(state, 'UTF8');

-- migrate:down
-- An earlier build cannot read MessagePack: rebuild its memory (`care rebuild alerts`).
ALTER TABLE silence_item ALTER COLUMN state TYPE text USING '{}';
ALTER TABLE silence_item DROP COLUMN has_open;
ALTER TABLE silence ALTER COLUMN rest TYPE text USING '{}';

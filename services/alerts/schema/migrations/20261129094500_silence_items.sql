-- migrate:up

-- One row per open task or complaint, so that an event reads and writes its own only. What has no row yet stays in the
-- row of the customer until that is written again. `owner_id` differs from `customer_id` for those of a duplicate.
CREATE TABLE silence_item (
    customer_id uuid        NOT NULL,
    owner_id    uuid        NOT NULL,
    concerns_id uuid        NOT NULL,
    state       text        NOT NULL,
    next_due_at timestamptz NOT NULL,
    PRIMARY KEY (customer_id, concerns_id, owner_id)
) WITH (fillfactor = 80);
CREATE INDEX silence_item_due ON silence_item (customer_id, next_due_at);

-- Under its old name, an old build would take a customer without rows of items for one without items.
ALTER TABLE silence RENAME COLUMN state TO rest;

GRANT SELECT, INSERT, UPDATE, DELETE ON silence_item TO care_app;

-- migrate:down
ALTER TABLE silence RENAME COLUMN rest TO state;
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN
        SELECT customer_id, state::jsonb AS state,
            CASE WHEN owner_id = customer_id THEN '{facts}' ELSE ARRAY['facts', 'absorbed', owner_id::text] END AS place
        FROM silence_item
    LOOP
        UPDATE silence s SET state = jsonb_set(jsonb_set(jsonb_set(old.state,
            item.place || '{tasks}', coalesce(old.state #> (item.place || '{tasks}'), '{}')
                || coalesce(item.state #> '{facts,tasks}', '{}')),
            item.place || '{complaints}', coalesce(old.state #> (item.place || '{complaints}'), '{}')
                || coalesce(item.state #> '{facts,complaints}', '{}')),
            '{open}', coalesce(old.state -> 'open', '{}') || coalesce(item.state -> 'open', '{}'))::text
        FROM (SELECT customer_id, '{"facts": {}}'::jsonb || state::jsonb AS state FROM silence) AS old
        WHERE s.customer_id = item.customer_id AND old.customer_id = item.customer_id;
    END LOOP;
END
$$;
DROP TABLE silence_item;

-- migrate:up

-- One row per batch of handovers, kept in step with the log; rebuilt from it at any time.
CREATE TABLE handover_batch (
    batch_id             uuid        PRIMARY KEY,
    version              integer     NOT NULL,
    from_owner_id        text,
    to_owner_ids         text[]      NOT NULL,
    reason               text        NOT NULL,
    stage                text,
    tier                 text,
    tag                  text,
    region               text,
    led_by               text,
    waits_for_acceptance boolean     NOT NULL,
    leaves               boolean     NOT NULL,
    started_by           text        NOT NULL,
    started_at           timestamptz NOT NULL,
    ended_at             timestamptz
);
CREATE INDEX handover_batch_running ON handover_batch (started_at, batch_id) WHERE ended_at IS NULL;

-- The customers that a batch met, and what has come of each: no read model, but the batch's own memory.
CREATE TABLE handover_item (
    batch_id    uuid NOT NULL,
    customer_id uuid NOT NULL,
    kind        text NOT NULL,
    to_owner_id text,
    outcome     text NOT NULL DEFAULT 'waiting',
    problem     jsonb,
    PRIMARY KEY (batch_id, customer_id, kind)
);
CREATE INDEX handover_item_waiting ON handover_item (batch_id, customer_id) WHERE outcome = 'waiting';
CREATE INDEX handover_batch_of ON handover (batch_id) WHERE batch_id IS NOT NULL;

ALTER TABLE employee ADD COLUMN left_at timestamptz;

GRANT SELECT, INSERT, UPDATE ON handover_batch, handover_item TO care_app;

-- migrate:down
ALTER TABLE employee DROP COLUMN left_at;
DROP INDEX handover_batch_of;
DROP TABLE handover_item, handover_batch;

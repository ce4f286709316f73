-- migrate:up

-- Contracts near their end are in a handover's checklist, and when a complaint was promised to be resolved.
ALTER TABLE handover ADD COLUMN contracts jsonb NOT NULL DEFAULT '[]';
ALTER TABLE open_item ADD COLUMN promised_by timestamptz;

-- migrate:down
ALTER TABLE open_item DROP COLUMN promised_by;
ALTER TABLE handover DROP COLUMN contracts;

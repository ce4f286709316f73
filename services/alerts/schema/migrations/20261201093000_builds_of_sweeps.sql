-- migrate:up

-- Sweeps follow each other by `number`, whatever the clocks of processes say. `shipped` is the digest of the rules that
-- the build of the process ships. A whole sweep evaluates all rules, not only those that have changed.
DELETE FROM rule_sweep;
DROP INDEX rule_sweep_started;
ALTER TABLE rule_sweep
    ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD COLUMN shipped text NOT NULL DEFAULT '',
    ADD COLUMN begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN is_whole boolean NOT NULL DEFAULT false;

-- When a build with these shipped rules has evaluated customers the last time, to a few seconds.
CREATE TABLE rule_build (
    shipped      text        PRIMARY KEY,
    evaluated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT SELECT, INSERT, UPDATE, DELETE ON rule_build TO care_app;

-- migrate:down
DROP TABLE rule_build;
ALTER TABLE rule_sweep DROP COLUMN number, DROP COLUMN shipped, DROP COLUMN begun_at, DROP COLUMN is_whole;
CREATE INDEX rule_sweep_started ON rule_sweep (started_at);

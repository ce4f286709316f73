-- migrate:up

-- A transaction that evaluates customers adds a row for its build, unless one of the last seconds is committed. So no
-- mark waits for another transaction, and none is lost with one. A sweep deletes old rows, but not the last of a build.
ALTER TABLE rule_build DROP CONSTRAINT rule_build_pkey;
ALTER TABLE rule_build ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
CREATE INDEX rule_build_shipped ON rule_build (shipped, evaluated_at);

-- migrate:down
DROP INDEX rule_build_shipped;
DELETE FROM rule_build b WHERE EXISTS (SELECT FROM rule_build l WHERE l.shipped = b.shipped AND l.number > b.number);
ALTER TABLE rule_build DROP COLUMN number;
ALTER TABLE rule_build ADD PRIMARY KEY (shipped);

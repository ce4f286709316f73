-- migrate:up

-- Of a failure that an earlier build has recorded, the reason is known in English only.
ALTER TABLE rule_failure ADD COLUMN reason_zh text;

-- migrate:down
ALTER TABLE rule_failure DROP COLUMN reason_zh;

-- migrate:up

-- The offset at which the partition started when it was last filled again; 0: never. See chassis/publish/topic_check.py.
ALTER TABLE relay_partition ADD COLUMN refilled_offset bigint NOT NULL DEFAULT 0;

-- migrate:down

ALTER TABLE relay_partition DROP COLUMN refilled_offset;

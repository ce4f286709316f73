-- migrate:up

-- What customers are found by (ADR 0012). `words`: a company's name, its pinyin and its initials. `tokens`: keyed digests
-- of parts of these, of a person's whole name, of the ends of phones, and of what lists are narrowed by.
CREATE TABLE customer_search (
    customer_id uuid     PRIMARY KEY,
    is_owned    boolean  NOT NULL,
    words       text     NOT NULL,
    tokens      bigint[] NOT NULL
);
CREATE INDEX customer_search_tokens ON customer_search USING gin (tokens) WITH (gin_pending_list_limit = 512);
ALTER TABLE customer_search ALTER COLUMN tokens SET STATISTICS 300;

GRANT SELECT, INSERT, UPDATE ON customer_search TO care_app;

-- migrate:down
DROP TABLE customer_search;

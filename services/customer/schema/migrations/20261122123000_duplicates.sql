-- migrate:up

-- By what a customer may be known again: keyed digests of its company name, of names one letter away, of phones and numbers.
CREATE TABLE customer_likeness (
    customer_id uuid     PRIMARY KEY,
    tokens      bigint[] NOT NULL,
    is_looked   boolean  NOT NULL DEFAULT false
);
CREATE INDEX customer_likeness_tokens ON customer_likeness USING gin (tokens);
CREATE INDEX customer_likeness_waiting ON customer_likeness (customer_id) WHERE NOT is_looked;

-- Customers that are alike, each pair once; `is_apart` where somebody has said that they are two.
CREATE TABLE duplicate_pair (
    low_id   uuid    NOT NULL,
    high_id  uuid    NOT NULL,
    reasons  text[]  NOT NULL,
    score    integer NOT NULL,
    is_apart boolean NOT NULL DEFAULT false,
    PRIMARY KEY (low_id, high_id)
);
CREATE INDEX duplicate_pair_high ON duplicate_pair (high_id);
CREATE INDEX duplicate_pair_score ON duplicate_pair (score DESC, low_id, high_id) WHERE score > 0 AND NOT is_apart;

GRANT SELECT, INSERT, UPDATE ON customer_likeness, duplicate_pair TO care_app;

-- migrate:down
DROP TABLE duplicate_pair, customer_likeness;

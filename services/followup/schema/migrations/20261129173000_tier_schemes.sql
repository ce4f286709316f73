-- migrate:up

-- The tiers of each version of a tier scheme, from the customer service.
CREATE TABLE tier_scheme (
    name           text        NOT NULL,
    number         integer     NOT NULL,
    effective_from timestamptz NOT NULL,
    tiers          text[],
    PRIMARY KEY (name, number)
);
-- Versions from before are not known until the read model is rebuilt: any tier may be theirs.
INSERT INTO tier_scheme SELECT name, 0, '-infinity', NULL FROM unnest(ARRAY['default', 'abc']) AS name
WHERE EXISTS (SELECT FROM customer_ref);
GRANT SELECT, INSERT ON tier_scheme TO care_app;

-- migrate:down
DROP TABLE tier_scheme;

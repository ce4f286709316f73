-- migrate:up

-- The episodes of rules in shadow. They are no events, and nobody is told of them.
CREATE TABLE shadow_episode (
    alert_id    uuid        NOT NULL,
    rule_id     text        NOT NULL,
    number      integer     NOT NULL,
    customer_id uuid        NOT NULL,
    concerns_id uuid,
    owner_id    text,
    since       timestamptz NOT NULL,
    starts_at   timestamptz NOT NULL,
    raised_at   timestamptz NOT NULL,
    ended_at    timestamptz,
    PRIMARY KEY (alert_id, number)
);
CREATE INDEX shadow_episode_open ON shadow_episode (customer_id) WHERE ended_at IS NULL;
CREATE INDEX shadow_episode_rule ON shadow_episode (rule_id, alert_id, number);

GRANT SELECT, INSERT, UPDATE, DELETE ON shadow_episode TO care_app;

-- migrate:down
DROP TABLE shadow_episode;

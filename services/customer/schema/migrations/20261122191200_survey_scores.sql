-- migrate:up

-- What a survey answered under the customer's name came to; null for what is no survey.
ALTER TABLE touch ADD COLUMN score integer;

-- migrate:down
ALTER TABLE touch DROP COLUMN score;

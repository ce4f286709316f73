-- migrate:up

-- For lists that no token narrows: each is in the order of ids, so that a page ends where it is full.
CREATE INDEX customer_search_begins ON customer_search (left(words, 1), customer_id);
CREATE INDEX customer_search_owned ON customer_search (customer_id) WHERE is_owned;

-- migrate:down
DROP INDEX customer_search_begins, customer_search_owned;

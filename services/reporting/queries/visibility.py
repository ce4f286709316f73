"""Who may see which customer, as a condition in SQL: the one place where every list and figure gets it from."""


def visible(customer_id: str, reader: str) -> str:
    """Return the condition on column `customer_id`; parameter `reader` is NULL for those who may see all."""
    return f"""({reader}::text IS NULL OR {customer_id} IN (
        SELECT own.customer_id FROM customer own
        WHERE own.owner_id = {reader} OR own.leader_id = {reader} OR own.helper_ids @> ARRAY[{reader}]))"""  # noqa: S608 - fixed text

"""The customers that were merged at some time, directly or through others, from the fact log."""


def linked(customers: str) -> str:
    """Return the SQL of `linked (customer_id)`: these customers, and all that were ever merged with them."""
    return f"""
        WITH RECURSIVE linked(customer_id) AS (
            SELECT {customers}
            UNION
            SELECT other.customer_id FROM linked, LATERAL (
                SELECT (data ->> 'into_customer_id')::uuid AS customer_id FROM fact
                WHERE fact.customer_id = linked.customer_id AND type = 'care.customer.merged.v1'
                UNION ALL
                SELECT customer_id FROM fact
                WHERE (data ->> 'into_customer_id')::uuid = linked.customer_id AND type = 'care.customer.merged.v1'
            ) AS other
        )
    """  # noqa: S608 - fixed text

"""SQL conditions for access to customers: who holds a customer, which customers an employee may see, a customer's ids.

The tables have the columns `customer_id`, `owner_id`, `leader_id`, `helper_ids` and `merged_into`. Events of a
duplicate belong to the customer that it was merged into. Arguments are names from code and placeholders, never values
of a request.
"""


def holds(alias: str, employee: str) -> str:
    """Return the condition that `employee` is the owner, the leader or a helper in the row `alias`."""
    return f"({employee} IN ({alias}.owner_id, {alias}.leader_id) OR {alias}.helper_ids @> ARRAY[{employee}::text])"


def holds_any(alias: str, employees: str) -> str:
    """Return the condition that one of the array `employees` holds the customer of the row `alias`."""
    is_owner, is_leader = (f"{alias}.{column} = ANY({employees}::text[])" for column in ("owner_id", "leader_id"))
    return f"({is_owner} OR {is_leader} OR {alias}.helper_ids && {employees}::text[])"


def visible(customer_id: str, table: str, reader: str) -> str:
    """Return the condition that `reader` may see `customer_id`; a NULL reader sees every customer."""
    return f"({reader}::text IS NULL OR {customer_id} = {customers_of(table, reader)})"


def customers_of(table: str, employee: str) -> str:
    """Return the ids of all customers that `employee` holds, with their duplicates, for `id = …`.

    As an array, so that PostgreSQL can use an index on the id.
    """
    return customers_where(table, holds("o", employee))


def customers_of_any(table: str, employees: str) -> str:
    """Return the ids of all customers that one of `employees` holds, as `customers_of` does."""
    return customers_where(table, holds_any("o", employees))


def customers_where(table: str, held: str) -> str:
    return f"""ANY(ARRAY(
        SELECT i.customer_id FROM {table} o CROSS JOIN LATERAL (
            SELECT o.customer_id UNION ALL SELECT d.customer_id FROM {table} d WHERE d.merged_into = o.customer_id
        ) i WHERE o.merged_into IS NULL AND {held}))"""  # noqa: S608 - names from code


def ids_of(table: str, customer_id: str) -> str:
    """Return the ids of one customer and its duplicates, for `id = …`."""
    return f"""ANY(ARRAY(
        SELECT {customer_id} UNION ALL SELECT d.customer_id FROM {table} d WHERE d.merged_into = {customer_id}))"""  # noqa: S608 - names from code

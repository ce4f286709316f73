"""Which alerts a reader may see, as a condition in SQL. `api.access.require` has the same rule for one alert."""

from collections.abc import Collection
from typing import TypeAlias

from chassis.postgres.visibility import customers_of_any

# A reader, and those whose stand-in the reader is now. None sees every alert.
Readers: TypeAlias = Collection[str] | None


def may_see(alert: str, readers: str) -> str:
    """Return the condition that one of `readers`, an array, has to act on the row `alert`, or holds its customer.

    A NULL array sees every alert.
    """
    customers = customers_of_any("customer_holders", readers)
    return f"({readers}::text[] IS NULL OR {alert}.holders && {readers} OR {alert}.customer_id = {customers})"

"""Counts names of persons in the read model, for the answer to an erasure."""

from uuid import UUID

from chassis.postgres.database import Connection

# The only column that could hold a person's name. Events hold names of companies only.
HAS_A_NAME = "kind = 'person' AND company_name IS NOT NULL"
NAMES = f"SELECT count(*) FROM customer WHERE customer_id = $1 AND {HAS_A_NAME}"  # noqa: S608 - fixed text


async def names(held: Connection, customer_id: UUID) -> int:
    found: int = await held.fetchval(NAMES, customer_id)
    return found

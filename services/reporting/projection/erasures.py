"""Counts the names of persons in the read model: the answer to an erasure."""

from uuid import UUID

from chassis.postgres.database import Connection

# All that could be a person's name here: companies' names come from the topic, persons' do not.
HAS_A_NAME = "kind = 'person' AND company_name IS NOT NULL"
NAMES = f"SELECT count(*) FROM customer WHERE customer_id = $1 AND {HAS_A_NAME}"  # noqa: S608 - fixed text


async def names(held: Connection, customer_id: UUID) -> int:
    found: int = await held.fetchval(NAMES, customer_id)
    return found

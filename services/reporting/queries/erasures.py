"""What this service says to an erasure."""

from uuid import UUID

from chassis.database import Connection
from chassis.purge import Statement
from chassis.streams import type_of
from contracts.customer import CustomerErased, KeyContactErased
from services.reporting.queries.visibility import of_customer

TYPES = [type_of(CustomerErased), type_of(KeyContactErased)]
# The customer's own come first, as in the certificate; then those of its duplicates.
HEARD = f"""
    SELECT t.event_id FROM timeline t WHERE {of_customer("t.customer_id", "$1::uuid")} AND t.type = ANY($2)
    ORDER BY t.customer_id <> $1, t.customer_id, t.position
"""  # noqa: S608 - fixed text
# All that could be a person's name here: companies' names come from the topic, persons' do not.
NAMED = f"""
    SELECT count(*) FROM customer c
    WHERE {of_customer("c.customer_id", "$1::uuid")} AND c.kind = 'person' AND c.company_name IS NOT NULL
"""  # noqa: S608 - fixed text


async def statement(held: Connection, customer_id: UUID) -> Statement:
    heard = [row["event_id"] for row in await held.fetch(HEARD, customer_id, TYPES)]
    entries: int = await held.fetchval(NAMED, customer_id)
    return Statement(service="reporting", customer_id=customer_id, heard=heard, entries=entries)

"""What this service says to an erasure."""

from uuid import UUID

from chassis.database import Connection
from chassis.purge import Statement
from chassis.streams import type_of
from contracts.customer import CustomerErased, KeyContactErased

TYPES = [type_of(CustomerErased), type_of(KeyContactErased)]
HEARD = "SELECT event_id FROM timeline WHERE customer_id = $1 AND type = ANY($2) ORDER BY position"
# All that could be a person's name here: companies' names come from the topic, persons' do not.
NAMED = "SELECT count(*) FROM customer WHERE customer_id = $1 AND kind = 'person' AND company_name IS NOT NULL"


async def statement(held: Connection, customer_id: UUID) -> Statement:
    heard = [row["event_id"] for row in await held.fetch(HEARD, customer_id, TYPES)]
    entries: int = await held.fetchval(NAMED, customer_id)
    return Statement(service="reporting", customer_id=customer_id, heard=heard, entries=entries)

"""The evidence of an alert: the events that led to it, from the fact log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, get_args
from uuid import UUID

from asyncpg import Record
from pydantic import BaseModel

from chassis.postgres.database import Pool
from contracts import customer, followup
from contracts.cloudevents import type_of
from contracts.followup.complaint import ComplaintEvent
from contracts.followup.task import TaskEvent
from services.alerts.queries.linked import linked

# The resources with a history of their own.
COLLECTIONS: Final = {
    "contacts": (followup.ContactLogged,),
    "tasks": get_args(TaskEvent),
    "complaints": get_args(ComplaintEvent),
    "orders": get_args(customer.OrderEvent),
    "quotes": get_args(customer.QuoteEvent),
    "contracts": get_args(customer.ContractEvent),
}
COLLECTION_OF: Final[Mapping[str, str]] = {
    type_of(event): collection for collection, events in COLLECTIONS.items() for event in events
}

# The causes are events of the customer, or of one that was merged with it. They are found among the facts of these: an
# index on the ids of events would cost every insert.
EVIDENCE = f"""
    {linked("$1::uuid")}
    SELECT f.event_id AS id, f.feed AS service, f.type, f.customer_id, f.stream_id, f.version, f.position,
        f.occurred_at, f.recorded_at, f.actor
    FROM linked JOIN fact f USING (customer_id) WHERE f.event_id = ANY($2)
    ORDER BY f.occurred_at, f.feed, f.position
"""  # noqa: S608 - fixed text


class Evidence(BaseModel):
    """An event that led to an alert. `link` is the address at which `service` returns the event."""

    id: UUID
    service: str
    type: str
    customer_id: UUID
    stream_id: UUID
    version: int
    position: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    link: str


async def evidence_of(pool: Pool, customer_id: UUID, causes: Sequence[UUID]) -> list[Evidence]:
    """Return the causes that this service has received, in the order in which they occurred."""
    rows = await pool.fetch(EVIDENCE, customer_id, list(causes))
    return [Evidence(**row, link=link_to(row)) for row in rows]


def link_to(event: Record) -> str:
    """Return the address of an event in the history of its resource, else in that of its customer."""
    if collection := COLLECTION_OF.get(event["type"]):
        return f"/v1/{collection}/{event['stream_id']}/events?after={event['version'] - 1}&limit=1"
    return f"/v1/customers/{event['customer_id']}/events?after={event['position'] - 1}&limit=1"

"""The list of customers, kept in step with their events."""

from collections.abc import Sequence
from typing import Any

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import customer as events
from contracts.event import Envelope
from services.customer.projection.customer_row import CustomerRow, project_next

CUSTOMERS = Rows("customer", CustomerRow, "customer_id")
TABLES = ("customer",)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply the facts of a batch that stand in the customers' own streams."""
    own = [envelope for envelope in envelopes if isinstance(envelope.event, events.CustomerEvent)]
    rows = await CUSTOMERS.load(held, [envelope.subject for envelope in own])
    for envelope in own:
        rows[envelope.subject] = project_next(rows.get(envelope.subject), envelope)
    await CUSTOMERS.save(held, list(rows.values()))

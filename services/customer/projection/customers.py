"""The list of customers."""

from collections.abc import Sequence
from typing import Any

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import customer as events
from contracts.event import Envelope
from services.customer.domain.customer_row import CustomerRow, project_next
from services.customer.projection.fold import BY_CUSTOMER, fold_rows

CUSTOMERS = Rows("customer", CustomerRow, "customer_id")
TABLES = ("customer",)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply the events of a batch that belong to the customers' own streams."""
    own = [envelope for envelope in envelopes if isinstance(envelope.event, events.CustomerEvent)]
    await fold_rows(CUSTOMERS, BY_CUSTOMER, project_next, own, held)

"""The read models of this service's own events, one module for each subject; followup's events in `followup`."""

from collections.abc import Sequence
from typing import Any

from chassis.consume.isolation import Handler
from chassis.postgres.database import Connection
from chassis.store.pseudonym import Pseudonyms
from contracts.event import Envelope
from services.customer.domain.customer_row import CustomerRow
from services.customer.leaders import changes
from services.customer.projection import (
    commerce,
    customers,
    dates,
    handover_batches,
    handovers,
    likeness,
    presence,
    references,
    search,
    segments,
    tiers,
)

__all__ = ["CONSUMER", "TABLES", "CustomerRow", "handler"]

# The name is stored with the positions.
CONSUMER = "customer-list"
TABLES = (
    *customers.TABLES,
    *search.TABLES,
    *likeness.TABLES,
    *commerce.TABLES,
    *references.TABLES,
    *dates.TABLES,
    *handovers.TABLES,
    *tiers.TABLES,
    *segments.TABLES,
    *handover_batches.TABLES,
)


def handler(pseudonyms: Pseudonyms) -> Handler:
    """Return the handler of a batch. The consumer calls it inside its own transaction."""

    async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        await customers.apply(envelopes, held)
        await search.apply(envelopes, held, pseudonyms)
        await likeness.apply(envelopes, held, pseudonyms)
        await commerce.apply(envelopes, held)
        await references.apply(envelopes, held)
        await dates.apply(envelopes, held)
        await handovers.apply(envelopes, held)
        await tiers.apply(envelopes, held)
        await segments.apply(envelopes, held)
        # After the customers: these select from all customers that were there before.
        await handover_batches.apply(envelopes, held)
        # Before the leaders: an employee who has left is no leader.
        await presence.apply(envelopes, held)
        # After the customers: these are compared with the list of employees.
        await changes.apply(envelopes, held)

    return apply

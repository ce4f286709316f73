"""Adds to cancelled orders what the fact log knows of them, so that the engine can take their amounts back.

An order that was stated for the future is not in the sums of its month (`folds/measured.py`), so it is not taken back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.postgres.database import Connection
from contracts.customer import OrderCancelled, OrderPlaced
from contracts.event import Envelope
from services.alerts.engine.order_undone import OrderUndone

PLACED = """
    SELECT stream_id, occurred_at, (data ->> 'amount_minor')::bigint AS amount_minor, data ->> 'currency' AS currency
    FROM fact WHERE customer_id = ANY($1) AND stream_id = ANY($2) AND type = 'care.customer.order-placed.v1'
        AND occurred_at <= recorded_at
"""


class Placed(NamedTuple):
    at: datetime
    amount_minor: int
    currency: str


async def with_amounts(held: Connection, envelopes: Sequence[Envelope[Any]]) -> Sequence[Envelope[Any]]:
    """Return the events, with the amounts of cancelled orders from the log."""
    cancelled = [each for each in envelopes if isinstance(each.event, OrderCancelled)]
    if not cancelled:
        return envelopes
    rows = await held.fetch(PLACED, [each.subject for each in cancelled], [each.stream_id for each in cancelled])
    placed = {row["stream_id"]: Placed(row["occurred_at"], row["amount_minor"], row["currency"]) for row in rows}
    return undone(envelopes, placed)


def within(envelopes: Sequence[Envelope[Any]]) -> Sequence[Envelope[Any]]:
    """Return the events of whole histories, with the amounts of cancelled orders from these."""
    placed = {
        each.stream_id: Placed(each.occurred_at, each.event.amount_minor, each.event.currency)
        for each in envelopes
        if isinstance(each.event, OrderPlaced) and each.occurred_at <= each.recorded_at
    }
    return undone(envelopes, placed)


def undone(envelopes: Iterable[Envelope[Any]], placed: Mapping[UUID, Placed]) -> list[Envelope[Any]]:
    """Replace each cancellation of an order that was counted."""
    found = []
    for each in envelopes:
        if isinstance(each.event, OrderCancelled) and (order := placed.get(each.stream_id)):
            amounts = {"amount_minor": order.amount_minor, "currency": order.currency}
            found.append(replace(each, event=OrderUndone(placed_at=order.at, **amounts)))
        else:
            found.append(each)
    return found

"""An order that was cancelled, together with what the log knows of it: the event itself has no amount."""

from typing import Literal

from contracts.event import Event
from contracts.types import Instant


class OrderUndone(Event):
    """An order was cancelled. It is never stored or published."""

    type: Literal["order-undone"] = "order-undone"
    placed_at: Instant
    amount_minor: int
    currency: str

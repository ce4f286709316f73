"""Events of an order of a customer."""

from typing import Literal

from contracts.event import Event
from contracts.money import CurrencyCode, MinorUnits
from contracts.types import Code, Word


class OrderPlaced(Event):
    """The customer placed an order. `category` is a product category, `external_id` the number in the source system."""

    type: Literal["care.customer.order-placed.v1"] = "care.customer.order-placed.v1"
    external_system: Code | None = None
    external_id: Word | None = None
    amount_minor: MinorUnits
    currency: CurrencyCode
    category: Word | None = None


class OrderDelivered(Event):
    """The whole order was delivered."""

    type: Literal["care.customer.order-delivered.v1"] = "care.customer.order-delivered.v1"


class OrderCancelled(Event):
    """The order was cancelled."""

    type: Literal["care.customer.order-cancelled.v1"] = "care.customer.order-cancelled.v1"
    reason: Code


OrderEvent = OrderPlaced | OrderDelivered | OrderCancelled

"""Commands to record orders, which are placed in other systems."""

from chassis.commands.command import FactCommand
from contracts.money import KnownCurrency, MinorUnits
from contracts.types import Code, Word
from services.customer.commands.reference import ExternalReference


class PlaceOrder(FactCommand):
    """Record an order. Repeating it with the same external number adds no event."""

    external: ExternalReference | None = None
    amount_minor: MinorUnits
    currency: KnownCurrency
    category: Word | None = None


class DeliverOrder(FactCommand):
    """Record that the whole order was delivered."""


class CancelOrder(FactCommand):
    """Record that the order was cancelled."""

    reason: Code


OrderCommand = PlaceOrder | DeliverOrder | CancelOrder

"""Telling of orders, which are placed elsewhere."""

from chassis.commands.command import FactCommand
from contracts.money import KnownCurrency, MinorUnits
from contracts.types import Code
from services.customer.commands.reference import ExternalReference


class PlaceOrder(FactCommand):
    """Record that the customer placed an order. With the number of its source, it is one however often it is told."""

    external: ExternalReference | None = None
    amount_minor: MinorUnits
    currency: KnownCurrency
    category: Code | None = None


class DeliverOrder(FactCommand):
    """Record that all of the order is with the customer."""


class CancelOrder(FactCommand):
    """Record that the order will not be delivered."""

    reason: Code


OrderCommand = PlaceOrder | DeliverOrder | CancelOrder

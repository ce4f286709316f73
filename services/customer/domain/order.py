"""The rules of an order: placed, then delivered or cancelled."""

from dataclasses import dataclass, replace
from enum import StrEnum

from chassis.commands.decider import Decider, RejectedError
from contracts import customer as events
from contracts.money import format_amount
from services.customer import commands

Event = events.OrderEvent


class OrderState(StrEnum):
    PLACED = "placed"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


STATES_ZH = {OrderState.PLACED: "已下单", OrderState.DELIVERED: "已交付", OrderState.CANCELLED: "已取消"}


@dataclass(frozen=True, slots=True)
class Order:
    """Only what a later decision needs; everything else belongs in a read model."""

    placed: events.OrderPlaced
    state: OrderState = OrderState.PLACED


def decide(order: Order | None, command: commands.OrderCommand) -> list[Event]:
    """Return the events that `command` earns: none when what it asks for already holds."""
    match order, command:
        case None, commands.PlaceOrder():
            return [placed(command)]
        case None, _:
            raise RejectedError("order-unknown", "This order has not been placed.", "该订单尚未登记。")
        case Order(placed=known), commands.PlaceOrder():
            return same(known, placed(command))
        case Order(state=OrderState.PLACED), commands.DeliverOrder():
            return [events.OrderDelivered()]
        case Order(state=OrderState.PLACED), commands.CancelOrder(reason=reason):
            return [events.OrderCancelled(reason=reason)]
        case (Order(state=OrderState.DELIVERED), commands.DeliverOrder()) | (
            Order(state=OrderState.CANCELLED),
            commands.CancelOrder(),
        ):
            return []
        case Order(state=state), _:
            raise closed(state)


def placed(command: commands.PlaceOrder) -> events.OrderPlaced:
    return events.OrderPlaced(
        external_system=command.external.system if command.external else None,
        external_id=command.external.id if command.external else None,
        amount_minor=command.amount_minor,
        currency=command.currency,
        category=command.category,
    )


def same(known: events.OrderPlaced, told: events.OrderPlaced) -> list[Event]:
    """The same order told again changes nothing; told with other words, one of the two is wrong."""
    if (known.amount_minor, known.currency, known.category) != (told.amount_minor, told.currency, told.category):
        amount = format_amount(known.amount_minor, known.currency)
        raise RejectedError(
            "order-differs",
            f"This order is known with {amount} and category {known.category or 'none'}; an order does not change."
            " Cancel it and place another.",
            f"该订单已登记，金额为 {amount}，类别为{known.category or '无'}；订单不可更改，请取消后重新下单。",
        )
    return []


def closed(state: OrderState) -> RejectedError:
    return RejectedError(
        "order-closed",
        f"This order is {state}. Only an order that is placed, and neither delivered nor cancelled, can become either.",
        f"该订单{STATES_ZH[state]}。只有已下单且未交付、未取消的订单才能交付或取消。",
    )


def evolve(order: Order | None, event: Event) -> Order | None:
    """Apply one fact. A fact is never refused: it has already happened."""
    match event:
        case events.OrderPlaced():
            return Order(event)
        case events.OrderDelivered():
            return order and replace(order, state=OrderState.DELIVERED)
        case events.OrderCancelled():
            return order and replace(order, state=OrderState.CANCELLED)


ORDER: Decider[Order | None] = Decider(initial=None, decide=decide, evolve=evolve)

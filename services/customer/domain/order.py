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
    """The state that later decisions need; read models hold everything else."""

    placed: events.OrderPlaced
    state: OrderState = OrderState.PLACED


def decide(order: Order | None, command: commands.OrderCommand) -> list[Event]:
    """Return the events that result from `command`: none if it changes nothing."""
    match order, command:
        case None, commands.PlaceOrder():
            return [placed(command)]
        case None, _:
            raise RejectedError("order-unknown", "This order is not recorded.", "该订单尚未登记。")
        case Order(placed=known), commands.PlaceOrder():
            return repeated(known, placed(command))
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


def repeated(known: events.OrderPlaced, received: events.OrderPlaced) -> list[Event]:
    """Return no events for the same order; raise RejectedError if it differs."""
    if (known.amount_minor, known.currency, known.category) != (
        received.amount_minor,
        received.currency,
        received.category,
    ):
        amount = format_amount(known.amount_minor, known.currency)
        raise RejectedError(
            "order-differs",
            f"This order is recorded with {amount} and category {known.category or 'none'}. An order does not change;"
            " cancel it and place a new one.",
            f"该订单已登记，金额为 {amount}，类别为{known.category or '无'}；订单不可更改，请取消后重新下单。",
        )
    return []


def closed(state: OrderState) -> RejectedError:
    return RejectedError(
        "order-closed",
        f"This order is already {state}. Only an open order can be delivered or cancelled.",
        f"该订单{STATES_ZH[state]}。只有未交付且未取消的订单才能交付或取消。",
    )


def evolve(order: Order | None, event: Event) -> Order | None:
    """Apply one event. An event is never rejected: it has already happened."""
    match event:
        case events.OrderPlaced():
            return Order(event)
        case events.OrderDelivered():
            return order and replace(order, state=OrderState.DELIVERED)
        case events.OrderCancelled():
            return order and replace(order, state=OrderState.CANCELLED)


ORDER: Decider[Order | None] = Decider(initial=None, decide=decide, evolve=evolve)

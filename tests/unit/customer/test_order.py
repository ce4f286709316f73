"""The rules of orders: given events, when a command, then events."""

from contracts.customer import OrderCancelled, OrderDelivered, OrderPlaced
from contracts.examples import example
from services.customer.commands import CancelOrder, DeliverOrder, ExternalReference, PlaceOrder
from services.customer.domain.order import ORDER
from tests.support.spec import Spec

order = Spec(ORDER)
place = PlaceOrder(
    external=ExternalReference(system="erp", id="SO-1"), amount_minor=1_234, currency="CNY", category="servers"
)
placed = OrderPlaced(external_system="erp", external_id="SO-1", amount_minor=1_234, currency="CNY", category="servers")
delivered, cancelled = OrderDelivered(), OrderCancelled(reason="paid-too-late")


def test_an_order_is_placed_with_its_number_and_amount() -> None:
    order.given().when(place).then(placed)


def test_the_same_order_recorded_twice_adds_no_event() -> None:
    order.given(placed).when(place).then()


def test_the_same_order_with_another_amount_is_refused() -> None:
    order.given(example(OrderPlaced, amount_minor=1)).when(place).then_rejected("order-differs")


def test_a_placed_order_is_delivered_or_cancelled() -> None:
    order.given(placed).when(DeliverOrder()).then(delivered)
    order.given(placed).when(CancelOrder(reason="paid-too-late")).then(cancelled)


def test_what_holds_already_records_nothing_new() -> None:
    order.given(placed, delivered).when(DeliverOrder()).then()
    order.given(placed, cancelled).when(CancelOrder(reason="other")).then()


def test_what_is_delivered_is_not_cancelled_nor_the_other_way_round() -> None:
    order.given(placed, delivered).when(CancelOrder(reason="other")).then_rejected("order-closed")
    order.given(placed, cancelled).when(DeliverOrder()).then_rejected("order-closed")


def test_an_unknown_order_cannot_be_changed() -> None:
    order.given().when(DeliverOrder()).then_rejected("order-unknown")

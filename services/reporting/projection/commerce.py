"""Projects orders and contracts."""

from dataclasses import replace

from contracts import customer as events
from contracts.customer.contract import ContractEvent
from contracts.customer.order import OrderEvent
from contracts.event import Envelope
from services.reporting.projection.batch_rows import BatchRows
from services.reporting.projection.commerce_rows import ContractRow, OrderRow


def project_order(rows: BatchRows, envelope: Envelope[events.AnyEvent], event: OrderEvent) -> None:
    """Apply one event to the order's row."""
    order_id, at = envelope.stream_id, envelope.occurred_at
    match event:
        case events.OrderPlaced():
            rows.orders[order_id] = OrderRow(
                order_id=order_id,
                customer_id=envelope.subject,
                placed_at=at,
                **event.model_dump(include={"category", "amount_minor", "currency"}),
            )
        case events.OrderDelivered():
            rows.orders[order_id] = replace(rows.orders[order_id], delivered_at=at)
        case events.OrderCancelled(reason=reason):
            rows.orders[order_id] = replace(rows.orders[order_id], cancelled_at=at, cancel_reason=reason)


def project_contract(rows: BatchRows, envelope: Envelope[events.AnyEvent], event: ContractEvent) -> None:
    """Apply one event to the contract's row."""
    contract_id = envelope.stream_id
    if isinstance(event, events.ContractSigned):
        rows.contracts[contract_id] = signed(envelope, event)
        return
    row, at = rows.contracts[contract_id], envelope.occurred_at
    match event:
        case events.RenewalIntentStated(intent=intent):
            row = replace(row, renewal_intent=intent)
        case events.ContractRenewed():
            term = event.model_dump(exclude={"type"})
            row = replace(row, renewal_intent=events.RenewalIntent.UNKNOWN, renewals=row.renewals + 1, **term)
            row = replace(row, renewed_at=at)
        case events.ContractEnded(reason=reason):
            row = replace(row, ended_at=at, end_reason=reason)
    rows.contracts[contract_id] = row


def signed(envelope: Envelope[events.AnyEvent], event: events.ContractSigned) -> ContractRow:
    return ContractRow(
        contract_id=envelope.stream_id,
        customer_id=envelope.subject,
        signed_at=envelope.occurred_at,
        **event.model_dump(exclude={"type", "external_system", "external_id", "document_id"}),
    )

"""The rows of an order and of a contract after one more event."""

from dataclasses import replace
from typing import Any

from contracts import customer as events
from contracts.event import Envelope
from tests.oracles.reporting.rows import ContractRow, OrderRow


def evolve_order(row: OrderRow | None, envelope: Envelope[Any]) -> OrderRow | None:
    event, at = envelope.event, envelope.occurred_at
    if isinstance(event, events.OrderPlaced):
        return OrderRow(
            order_id=envelope.stream_id,
            customer_id=envelope.subject,
            placed_at=at,
            **event.model_dump(include={"category", "amount_minor", "currency"}),
        )
    if row is None:
        return None
    match event:
        case events.OrderDelivered():
            return replace(row, delivered_at=at)
        case events.OrderCancelled(reason=reason):
            return replace(row, cancelled_at=at, cancel_reason=reason)
        case _:
            raise TypeError(type(event))


def evolve_contract(row: ContractRow | None, envelope: Envelope[Any]) -> ContractRow | None:
    event, at = envelope.event, envelope.occurred_at
    if isinstance(event, events.ContractSigned):
        return signed(envelope, event)
    if row is None:
        return None
    match event:
        case events.RenewalIntentStated(intent=intent):
            return replace(row, renewal_intent=intent)
        case events.ContractRenewed():
            term = event.model_dump(exclude={"type"})
            row = replace(row, renewal_intent=events.RenewalIntent.UNKNOWN, renewals=row.renewals + 1, **term)
            return replace(row, renewed_at=at)
        case events.ContractEnded(reason=reason):
            return replace(row, ended_at=at, end_reason=reason)
        case _:
            raise TypeError(type(event))


def signed(envelope: Envelope[Any], event: events.ContractSigned) -> ContractRow:
    return ContractRow(
        contract_id=envelope.stream_id,
        customer_id=envelope.subject,
        signed_at=envelope.occurred_at,
        **event.model_dump(exclude={"type", "external_system", "external_id", "document_id"}),
    )

"""The rows of an order, a quote and a contract after one more event."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from contracts import customer as events
from contracts.event import Envelope
from tests.oracles.reporting.rows import ContractRow, OrderRow, QuoteRow


def evolve_order(row: OrderRow | None, envelope: Envelope[Any]) -> OrderRow | None:
    event, at = envelope.event, envelope.occurred_at
    if isinstance(event, events.OrderPlaced):
        return OrderRow(
            order_id=envelope.stream_id,
            customer_id=envelope.subject,
            placed_at=at,
            **event.model_dump(exclude={"type"}),
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


def evolve_quote(row: QuoteRow | None, envelope: Envelope[Any]) -> QuoteRow | None:
    event, at = envelope.event, envelope.occurred_at
    match event:
        case events.QuoteRequested():
            return row or replace(opened(envelope), requested_at=at)
        case events.QuoteIssued():
            return issued(row or opened(envelope), event, at)
        case events.QuoteCompared(competitor=competitor) if row:
            return replace(row, comparisons=row.comparisons + 1, compared_at=at, competitor=competitor)
        case events.QuoteCompared():
            return None
        case _:
            raise TypeError(type(event))


def opened(envelope: Envelope[Any]) -> QuoteRow:
    named = envelope.event.model_dump(include={"external_system", "external_id", "category"})
    return QuoteRow(quote_id=envelope.stream_id, customer_id=envelope.subject, **named)


def issued(row: QuoteRow, event: events.QuoteIssued, at: datetime) -> QuoteRow:
    return replace(
        row,
        first_issued_at=row.first_issued_at or at,
        issued_at=at,
        issues=row.issues + 1,
        amount_minor=event.amount_minor,
        currency=event.currency,
    )


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
        **event.model_dump(exclude={"type", "document_id"}),
    )

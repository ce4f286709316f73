"""The lists of orders, quotes and contracts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import customer as events
from contracts.event import Envelope
from services.customer.domain.order import OrderState
from services.customer.projection.fold import BY_STREAM, fold_rows


@dataclass(frozen=True, slots=True)
class OrderRow:
    order_id: UUID
    version: int
    customer_id: UUID
    external_system: str | None
    external_id: str | None
    amount_minor: int
    currency: str
    category: str | None
    placed_at: datetime
    state: str = OrderState.PLACED
    reason: str | None = None
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """`amount_minor` is what was issued last; `comparisons` counts how often it was compared with another quote."""

    quote_id: UUID
    version: int
    customer_id: UUID
    external_system: str | None
    external_id: str | None
    category: str | None
    opened_at: datetime
    amount_minor: int | None = None
    currency: str | None = None
    issued_at: datetime | None = None
    comparisons: int = 0
    compared_at: datetime | None = None
    competitor: str | None = None


@dataclass(frozen=True, slots=True)
class ContractRow:
    """Term, amount and intent are those of the present term; `renewals` counts the terms after the first."""

    contract_id: UUID
    version: int
    customer_id: UUID
    external_system: str | None
    external_id: str | None
    kind: str
    document_id: str | None
    signed_at: datetime
    starts_on: date
    ends_on: date | None
    amount_minor: int
    currency: str
    renewal_intent: str
    renewals: int = 0
    reason: str | None = None
    ended_at: datetime | None = None


ORDERS = Rows("customer_order", OrderRow, "order_id")
QUOTES = Rows("quote", QuoteRow, "quote_id")
CONTRACTS = Rows("contract", ContractRow, "contract_id")
TABLES = ("customer_order", "quote", "contract")


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply the events of a batch that are about orders, quotes and contracts."""
    orders = [envelope for envelope in envelopes if isinstance(envelope.event, events.OrderEvent)]
    quotes = [envelope for envelope in envelopes if isinstance(envelope.event, events.QuoteEvent)]
    contracts = [envelope for envelope in envelopes if isinstance(envelope.event, events.ContractEvent)]
    await fold_rows(ORDERS, BY_STREAM, project_order, orders, held)
    await fold_rows(QUOTES, BY_STREAM, project_quote, quotes, held)
    await fold_rows(CONTRACTS, BY_STREAM, project_contract, contracts, held)


def project_order(row: OrderRow | None, envelope: Envelope[events.OrderEvent]) -> OrderRow:
    """Return the row of an order after one event."""
    event, at = envelope.event, envelope.occurred_at
    if isinstance(event, events.OrderPlaced):
        return OrderRow(placed_at=at, **first_fields(envelope))
    if row is None:
        raise LookupError("an order's first event must be OrderPlaced")
    row = replace(row, version=envelope.version)
    match event:
        case events.OrderDelivered():
            return replace(row, state=OrderState.DELIVERED, delivered_at=at)
        case events.OrderCancelled(reason=reason):
            return replace(row, state=OrderState.CANCELLED, reason=reason, cancelled_at=at)


def project_quote(row: QuoteRow | None, envelope: Envelope[events.QuoteEvent]) -> QuoteRow:
    """Return the row of a quote after one event. The first event is a request or an issue."""
    event, at = envelope.event, envelope.occurred_at
    match row, event:
        case None, events.QuoteRequested():
            return QuoteRow(opened_at=at, **first_fields(envelope))
        case None, events.QuoteIssued():
            return QuoteRow(opened_at=at, issued_at=at, **first_fields(envelope))
        case None, _:
            raise LookupError("a quote's first event must be QuoteRequested or QuoteIssued")
        case QuoteRow(), events.QuoteRequested():
            return replace(row, version=envelope.version)
        case QuoteRow(), events.QuoteIssued(amount_minor=amount, currency=currency):
            return replace(row, version=envelope.version, amount_minor=amount, currency=currency, issued_at=at)
        case QuoteRow(), events.QuoteCompared(competitor=competitor):
            row = replace(row, version=envelope.version, comparisons=row.comparisons + 1)
            return replace(row, compared_at=at, competitor=competitor or row.competitor)


def project_contract(row: ContractRow | None, envelope: Envelope[events.ContractEvent]) -> ContractRow:
    """Return the row of a contract after one event."""
    event = envelope.event
    if isinstance(event, events.ContractSigned):
        return ContractRow(signed_at=envelope.occurred_at, **first_fields(envelope))
    if row is None:
        raise LookupError("a contract's first event must be ContractSigned")
    row = replace(row, version=envelope.version)
    match event:
        case events.RenewalIntentStated(intent=intent):
            return replace(row, renewal_intent=intent)
        case events.ContractRenewed():
            row = replace(row, renewals=row.renewals + 1, renewal_intent=events.RenewalIntent.UNKNOWN)
            return replace(row, **event.model_dump(exclude={"type"}))
        case events.ContractEnded(reason=reason):
            return replace(row, reason=reason, ended_at=envelope.occurred_at)


def first_fields(envelope: Envelope[events.CommercialEvent]) -> dict[str, Any]:
    """Return the fields of a row from its first event."""
    key = {events.OrderPlaced: "order_id", events.ContractSigned: "contract_id"}.get(type(envelope.event), "quote_id")
    placed = {key: envelope.stream_id, "version": envelope.version, "customer_id": envelope.subject}
    return placed | envelope.event.model_dump(exclude={"type"})

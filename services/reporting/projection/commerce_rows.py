"""The rows of orders and contracts."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order, until its delivery or cancellation."""

    order_id: UUID
    customer_id: UUID
    category: str | None
    amount_minor: int
    currency: str
    placed_at: datetime
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None


@dataclass(frozen=True, slots=True)
class ContractRow:
    """Term, amount and intent are those of the present term; `renewals` counts the terms after the first."""

    contract_id: UUID
    customer_id: UUID
    kind: str
    signed_at: datetime
    starts_on: date
    ends_on: date | None
    amount_minor: int
    currency: str
    renewal_intent: str
    renewals: int = 0
    renewed_at: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None

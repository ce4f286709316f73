"""Reads the orders, quotes and contracts of one customer."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel

from chassis.http.paging import MAX_LIMIT
from chassis.postgres.database import Pool, fetch_planned
from contracts.customer import ContractKind, RenewalIntent
from services.customer.domain.order import OrderState
from services.customer.projection.commerce import ContractRow, OrderRow, QuoteRow

R = TypeVar("R", bound=OrderRow | QuoteRow | ContractRow)


def page_of(table: str, row_class: type[Any], key: str, at: str) -> str:
    """Return the statement that reads a customer's rows, the latest first. Names come from our own classes."""
    listed = ", ".join(field.name for field in fields(row_class))
    return f"""
        SELECT {listed} FROM {table} WHERE customer_id = ANY($1)
          AND ($2::timestamptz IS NULL OR ({at}, {key}) < ($2, $3::uuid))
        ORDER BY {at} DESC, {key} DESC LIMIT $4
    """  # noqa: S608


PAGES = {
    OrderRow: page_of("customer_order", OrderRow, "order_id", "placed_at"),
    QuoteRow: page_of("quote", QuoteRow, "quote_id", "opened_at"),
    ContractRow: page_of("contract", ContractRow, "contract_id", "signed_at"),
}


class OrderView(BaseModel):
    """An order as its source reported it."""

    id: UUID
    version: int
    customer_id: UUID
    state: OrderState
    external_system: str | None
    external_id: str | None
    amount_minor: int
    currency: str
    category: str | None
    reason: str | None
    placed_at: datetime
    delivered_at: datetime | None
    cancelled_at: datetime | None


class QuoteView(BaseModel):
    """A quote. Its amount is the last issued one; it is absent if the quote was only requested."""

    id: UUID
    version: int
    customer_id: UUID
    external_system: str | None
    external_id: str | None
    category: str | None
    amount_minor: int | None
    currency: str | None
    comparisons: int
    competitor: str | None
    opened_at: datetime
    issued_at: datetime | None
    compared_at: datetime | None


class ContractView(BaseModel):
    """A contract with its present term. `reason` says why it ended."""

    id: UUID
    version: int
    customer_id: UUID
    external_system: str | None
    external_id: str | None
    kind: ContractKind
    document_id: str | None
    starts_on: date
    ends_on: date | None
    amount_minor: int
    currency: str
    renewal_intent: RenewalIntent
    renewals: int
    reason: str | None
    signed_at: datetime
    ended_at: datetime | None


async def page(
    pool: Pool, row_class: type[R], customer_ids: Sequence[UUID], after: tuple[datetime, UUID] | None, limit: int
) -> list[R]:
    """Return up to `limit` + 1 rows, the latest first, so that the caller can tell whether there are more."""
    at, row_id = after or (None, None)
    rows = await fetch_planned(pool, PAGES[row_class], list(customer_ids), at, row_id, min(limit, MAX_LIMIT) + 1)
    return [row_class(**row) for row in rows]

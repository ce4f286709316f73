"""Reads one customer with its counts, and lists of customers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.commands.decider import MovedError
from chassis.commands.holders import Holders
from chassis.postgres.database import Connection
from chassis.postgres.visibility import ids_of, visible
from contracts.customer import Mode, Stage
from contracts.types import Code, EmployeeId, Instant

HOLDERS = "SELECT owner_id, leader_id, helper_ids FROM customer WHERE customer_id = $1"
MERGED_INTO = "SELECT merged_into FROM customer WHERE customer_id = $1"
# The earliest fact known of the customer counts, as in the customer service and in `bi.dim_customers`.
KNOWN_SINCE = """least(c.registered_at,
    (SELECT min(o.placed_at) FROM customer_order o WHERE o.customer_id = c.customer_id),
    (SELECT min(coalesce(q.requested_at, q.first_issued_at)) FROM quote q WHERE q.customer_id = c.customer_id),
    (SELECT min(k.signed_at) FROM contract k WHERE k.customer_id = c.customer_id),
    (SELECT min(o.occurred_at) FROM contact o WHERE o.customer_id = c.customer_id AND NOT o.is_automated),
    (SELECT min(m.raised_at) FROM complaint m WHERE m.customer_id = c.customer_id),
    (SELECT min(s.answered_at) FROM survey s WHERE s.customer_id = c.customer_id))
"""
# Counted when read, so that no count can differ from its list.
COLUMNS = f"""
    c.customer_id AS id, c.kind, c.company_name, c.stage, c.mode, c.stage_since, c.tiers, c.owner_id, c.leader_id,
    c.helper_ids, c.need_type, c.industry, c.region, c.work_status, {KNOWN_SINCE} AS registered_at,
    greatest(c.last_contacted_at, (SELECT max(o.occurred_at) FROM contact o
        WHERE o.customer_id = {ids_of("customer", "c.customer_id")} AND NOT o.is_automated)) AS last_contact_at,
    (SELECT count(*) FROM contact o WHERE o.customer_id = {ids_of("customer", "c.customer_id")}) AS contacts,
    (SELECT count(*) FROM task t WHERE t.customer_id = {ids_of("customer", "c.customer_id")}
        AND t.completed_at IS NULL AND t.cancelled_at IS NULL) AS open_tasks,
    (SELECT count(*) FROM task t WHERE t.customer_id = {ids_of("customer", "c.customer_id")}
        AND t.completed_at IS NULL AND t.cancelled_at IS NULL AND t.due_at < $1) AS overdue_tasks,
    (SELECT count(*) FROM complaint m WHERE m.customer_id = {ids_of("customer", "c.customer_id")}
        AND m.closed_at IS NULL) AS open_complaints,
    (SELECT count(*) FROM alert a WHERE a.customer_id = {ids_of("customer", "c.customer_id")}
        AND a.status <> 'resolved') AS open_alerts
"""  # noqa: S608 - fixed text
ONE = f"SELECT {COLUMNS} FROM customer c WHERE c.customer_id = $2"  # noqa: S608 - fixed text
# A stage that was left in the same instant is not counted as entered.
ENTERED = """
    SELECT s.customer_id, s.stage FROM stage_transition s
    WHERE s.occurred_at >= coalesce({begins_at}, '-infinity') AND s.occurred_at < coalesce({ends_at}, 'infinity')
      AND NOT EXISTS (
        SELECT FROM stage_transition n
        WHERE n.customer_id = s.customer_id AND n.occurred_at = s.occurred_at AND n.position > s.position)
"""
LIST = f"""
    SELECT {COLUMNS} FROM customer c
    WHERE c.merged_into IS NULL
      AND ($2::uuid IS NULL OR c.customer_id > $2)
      AND ($3::text IS NULL OR c.stage = $3)
      AND ($4::text IS NULL OR EXISTS (SELECT FROM jsonb_each_text(c.tiers) tier WHERE tier.value = $4))
      AND ($5::text IS NULL OR c.owner_id = $5)
      AND ($6::boolean IS NULL OR $6 = EXISTS (
        SELECT FROM alert a WHERE a.customer_id = {ids_of("customer", "c.customer_id")} AND a.status <> 'resolved'))
      AND (num_nonnulls($7::text, $8::timestamptz, $9::timestamptz) = 0 OR c.customer_id IN (
        SELECT e.customer_id FROM ({ENTERED.format(begins_at="$8::timestamptz", ends_at="$9::timestamptz")}) e
        WHERE $7 IS NULL OR e.stage = $7))
      AND {visible("c.customer_id", "customer", "$10")}
    ORDER BY c.customer_id LIMIT $11
"""  # noqa: S608 - fixed text


class CustomerSummary(BaseModel):
    """A customer with counts of its items. Only the customer service has names of persons."""

    id: UUID
    kind: str
    company_name: str | None
    stage: Stage
    mode: Mode | None
    stage_since: datetime
    tiers: dict[str, str]
    owner_id: str | None
    leader_id: str | None
    helper_ids: list[str]
    need_type: str | None
    industry: str | None
    region: str | None
    work_status: str | None
    registered_at: datetime
    last_contact_at: datetime | None
    contacts: int
    open_tasks: int
    overdue_tasks: int
    open_complaints: int
    open_alerts: int


@dataclass(frozen=True, slots=True)
class CustomerFilters:
    """The filters of the list. The `entered_…` filters select customers who entered the stage, or any, in a period."""

    stage: Stage | None = None
    tier: Annotated[Code | None, Field(description="A tier of any scheme.")] = None
    owner_id: EmployeeId | None = None
    has_open_alert: bool | None = None
    entered_stage: Stage | None = None
    entered_from: Instant | None = None
    entered_to: Instant | None = None


async def holders(held: Connection, customer_id: UUID) -> Holders | None:
    """Return the owner, leader and helpers of a customer; None if it is not registered."""
    row = await held.fetchrow(HOLDERS, customer_id)
    return held_by(row["owner_id"], row["leader_id"], row["helper_ids"]) if row else None


def held_by(owner_id: str | None, leader_id: str | None, helper_ids: Iterable[str]) -> Holders:
    return Holders(owner_id, leader_id, frozenset(helper_ids))


async def require_not_merged(held: Connection, customer_id: UUID) -> None:
    """Raise MovedError if the customer was merged into another."""
    if into := await held.fetchval(MERGED_INTO, customer_id):
        raise MovedError(into)


async def one(held: Connection, customer_id: UUID, now: datetime) -> CustomerSummary | None:
    row = await held.fetchrow(ONE, now, customer_id)
    return CustomerSummary(**row) if row else None


async def page(
    held: Connection,
    filters: CustomerFilters,
    visible_to: str | None,
    cursor: list[str] | None,
    size: int,
    now: datetime,
) -> list[CustomerSummary]:
    """Return up to `size` + 1 customers in id order."""
    rows: list[Any] = await held.fetch(
        LIST,
        now,
        UUID(cursor[0]) if cursor else None,
        filters.stage,
        filters.tier,
        filters.owner_id,
        filters.has_open_alert,
        filters.entered_stage,
        filters.entered_from,
        filters.entered_to,
        visible_to,
        size + 1,
    )
    return [CustomerSummary(**row) for row in rows]


def cursor_of(customer: CustomerSummary) -> list[str]:
    return [str(customer.id)]

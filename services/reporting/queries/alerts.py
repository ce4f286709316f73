"""Reads alerts, open and ended, and counts the open ones by owner and by rule."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Connection
from chassis.postgres.visibility import ids_of, visible
from contracts.alerts import AlertSeverity, Status
from contracts.types import Code, EmployeeId

LIST = f"""
    SELECT a.alert_id AS id, a.customer_id, a.rule_id, a.rule_version, a.severity, a.status, a.outcome, a.starts_at,
        a.ends_at, a.silent_since, a.owner_id, a.summary, a.summary_zh, a.concerns_id, a.causes, a.acknowledged_by,
        a.acknowledged_at, a.snoozed_until, a.escalation_level
    FROM alert a
    WHERE ($1::timestamptz IS NULL OR (a.starts_at, a.alert_id) < ($1, $2::uuid))
      AND ($3::text IS NULL OR a.status = $3)
      AND ($4::text IS NULL OR a.rule_id = $4)
      AND ($5::text IS NULL OR a.owner_id = $5)
      AND ($6::boolean IS NULL OR $6 = (a.owner_id IS NOT NULL))
      AND ($7::uuid IS NULL OR a.customer_id = {ids_of("customer", "$7::uuid")})
      AND {visible("a.customer_id", "customer", "$8")}
      AND ($9::boolean IS NULL OR $9 = (a.status <> 'resolved'))
    ORDER BY a.starts_at DESC, a.alert_id DESC LIMIT $10
"""  # noqa: S608 - fixed text
OPEN = f"""
    SELECT a.owner_id, a.rule_id, count(*) AS open, min(a.starts_at) AS oldest_starts_at
    FROM alert a
    WHERE a.status <> 'resolved' AND {visible("a.customer_id", "customer", "$1")}
    GROUP BY a.owner_id, a.rule_id
"""  # noqa: S608 - fixed text


class AlertView(BaseModel):
    """An alert. `causes` are the ids of the events that caused it; they are in the customer's timeline."""

    id: UUID
    customer_id: UUID
    rule_id: str
    rule_version: int
    severity: AlertSeverity
    status: Status
    outcome: str | None
    starts_at: datetime
    ends_at: datetime | None
    silent_since: datetime
    owner_id: str | None
    summary: str
    summary_zh: str
    concerns_id: UUID | None
    causes: list[UUID]
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    snoozed_until: datetime | None
    escalation_level: int


@dataclass(frozen=True, slots=True)
class AlertFilters:
    """The filters of the list. `owner_id` is the employee who has to act. An alert is open until it is resolved."""

    status: Status | None = None
    is_open: bool | None = None
    rule_id: Code | None = None
    owner_id: EmployeeId | None = None
    has_owner: bool | None = None
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class OpenCount:
    """How many alerts of one rule are open for one owner."""

    owner_id: str | None
    rule_id: str
    open: int
    oldest_starts_at: datetime


async def page(
    held: Connection, filters: AlertFilters, visible_to: str | None, cursor: list[str] | None, size: int
) -> list[AlertView]:
    """Return up to `size` + 1 alerts, newest first."""
    before, alert_id = (datetime.fromisoformat(cursor[0]), UUID(cursor[1])) if cursor else (None, None)
    rows = await held.fetch(
        LIST,
        before,
        alert_id,
        filters.status,
        filters.rule_id,
        filters.owner_id,
        filters.has_owner,
        filters.customer_id,
        visible_to,
        filters.is_open,
        size + 1,
    )
    return [AlertView(**row) for row in rows]


async def open_counts(held: Connection, visible_to: str | None) -> list[OpenCount]:
    return [OpenCount(**row) for row in await held.fetch(OPEN, visible_to)]


def cursor_of(alert: AlertView) -> list[str]:
    return [alert.starts_at.isoformat(), str(alert.id)]

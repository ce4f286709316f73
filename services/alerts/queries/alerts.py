"""Reads alerts: one, or a list; and the statement of a customer's erasures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from chassis.postgres.database import Pool, fetch_planned
from chassis.postgres.visibility import ids_of
from chassis.store.erasure import Statement
from chassis.store.vault_reader import count_personal_data
from contracts.alerts import AlertState
from services.alerts.queries.visibility import Readers, may_see

VIEW = """
    SELECT a.alert_id AS id, a.version, a.customer_id, a.rule_id, a.status, a.outcome, a.owner_id,
        array(
            SELECT DISTINCT each FROM unnest(a.holders || h.owner_id || h.leader_id || h.helper_ids) each
            WHERE each IS NOT NULL ORDER BY each
        ) AS holders,
        a.silent_since, a.starts_at, a.ends_at, a.snoozed_until,
        (m.customer_id IS NOT NULL) AS is_muted, m.muted_until, a.payload
    FROM alert a LEFT JOIN customer_holders own ON own.customer_id = a.customer_id
    LEFT JOIN customer_holders h ON h.customer_id = coalesce(own.merged_into, a.customer_id)
    LEFT JOIN mute m ON m.customer_id = a.customer_id AND m.rule_id = a.rule_id
        AND (m.muted_until IS NULL OR m.muted_until > now())
"""
LIST = f"""
    {VIEW}
    WHERE ($1::uuid IS NULL OR a.alert_id > $1)
      AND ($2::text IS NULL OR a.status = $2)
      AND ($3::text IS NULL OR a.rule_id = $3)
      AND ($4::text IS NULL OR a.owner_id = $4)
      AND ($5::uuid IS NULL OR a.customer_id = {ids_of("customer_holders", "$5::uuid")})
      AND {may_see("a", "$6")}
      AND ($7::boolean IS NULL OR (a.status <> 'resolved') = $7)
      AND ($8::boolean IS NULL OR coalesce(a.snoozed_until > now(), false) = $8)
    ORDER BY a.alert_id LIMIT $9
"""
DUPLICATES = "SELECT customer_id FROM customer_holders WHERE merged_into = $1"
RECEIVED = """
    SELECT erasure_id FROM erasure_received WHERE subject = ANY($2)
    ORDER BY subject <> $1, subject, received_at, erasure_id
"""


class AlertView(BaseModel):
    """An alert. `alert` is its state, as it is published on the topics.

    `holders` may see it, and their stand-ins: the employee who has to act, and the customer's present owner, leader and
    helpers.
    `is_muted`: its rule is muted for the customer, without an end if there is no `muted_until`.
    """

    id: UUID
    version: int
    customer_id: UUID
    rule_id: str
    status: str
    outcome: str
    owner_id: str | None
    holders: list[str]
    silent_since: datetime
    starts_at: datetime
    ends_at: datetime | None
    snoozed_until: datetime | None
    is_muted: bool = False
    muted_until: datetime | None = None
    alert: AlertState


@dataclass(frozen=True, slots=True)
class AlertFilters:
    """The filters of a list. `visible_to` restricts it to alerts that one of these employees may see."""

    status: str | None = None
    rule_id: str | None = None
    owner_id: str | None = None
    customer_id: UUID | None = None
    visible_to: Readers = None
    is_open: bool | None = None
    is_snoozed: bool | None = None


class AlertQueries:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def statement(self, customer_id: UUID) -> Statement:
        """Return the received erasures, also of duplicates, and the number of vault entries."""
        duplicates = await self._pool.fetch(DUPLICATES, customer_id)
        ids = [customer_id, *(row["customer_id"] for row in duplicates)]
        received = [row["erasure_id"] for row in await self._pool.fetch(RECEIVED, customer_id, ids)]
        entries = await count_personal_data(self._pool, *ids)
        return Statement(service="alerts", customer_id=customer_id, received=received, entries=entries)

    async def page(self, filters: AlertFilters, after: UUID | None, limit: int) -> list[AlertView]:
        """Return up to `limit` + 1 alerts in id order."""
        wanted = (filters.status, filters.rule_id, filters.owner_id, filters.customer_id, filters.visible_to)
        states = (filters.is_open, filters.is_snoozed)
        return [view(dict(row)) for row in await fetch_planned(self._pool, LIST, after, *wanted, *states, limit + 1)]


def view(row: dict[str, Any]) -> AlertView:
    return AlertView(alert=row.pop("payload"), **row)

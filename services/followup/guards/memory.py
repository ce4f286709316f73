"""Stored state of the guard watcher: a customer's recent contacts, tripped guards, and next due time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts.followup import Guard
from services.followup.guards.rules import Touch


@dataclass(frozen=True, slots=True)
class WatchRow:
    """One customer's contacts, the earliest first. Without `look_again_at`, time alone changes no finding."""

    customer_id: UUID
    touches: list[Touch] = field(default_factory=list)
    tripped: list[Guard] = field(default_factory=list)
    look_again_at: datetime | None = None


ROW = TypeAdapter(WatchRow)
WATCHES = Rows("guard_watch", WatchRow, "customer_id")
COLUMNS = ", ".join(each.name for each in fields(WatchRow))
OF_CUSTOMERS = f"SELECT {COLUMNS} FROM guard_watch WHERE customer_id = ANY($1) ORDER BY customer_id FOR UPDATE"  # noqa: S608
DUE = f"""
    SELECT {COLUMNS} FROM guard_watch WHERE look_again_at <= $1 ORDER BY look_again_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""  # noqa: S608


async def of_customers(held: Connection, customer_ids: Iterable[UUID]) -> dict[UUID, WatchRow]:
    return {row.customer_id: row for row in watches(await held.fetch(OF_CUSTOMERS, list(customer_ids)))}


async def due(held: Connection, now: datetime, limit: int) -> list[WatchRow]:
    return watches(await held.fetch(DUE, now, limit))


def watches(rows: Sequence[Any]) -> list[WatchRow]:
    return [ROW.validate_python(dict(row)) for row in rows]

"""The transitions of alerts, each with the time in which the alert was open, for queries as of a past instant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from asyncpg import Range

from chassis.postgres.database import Connection
from contracts import alerts as events
from contracts.event import Envelope

TABLES: Final = ("alert_history",)
# A later transition of the same round replaces what was known. The rows of an alert may arrive in any order.
SETTLE: Final = """
    UPDATE alert_history h
    SET round = n.round, known = tstzrange(n.recorded_at, nullif(n.until, 'infinity'))
    FROM (
        SELECT *, greatest(recorded_at, lead(recorded_at, 1, 'infinity') OVER alert_round) AS until
        FROM (
            SELECT alert_id, version, recorded_at,
                (count(*) FILTER (WHERE event = 'raised') OVER alert)::integer AS round
            FROM alert_history WHERE alert_id = ANY($1) WINDOW alert AS (PARTITION BY alert_id ORDER BY version)
        ) AS rounds WINDOW alert_round AS (PARTITION BY alert_id, round ORDER BY version)
    ) n
    WHERE h.alert_id = n.alert_id AND h.version = n.version
        AND (h.round, h.known) <> (n.round, tstzrange(n.recorded_at, nullif(n.until, 'infinity')))
"""


class HistoryRow(NamedTuple):
    alert_id: UUID
    version: int
    customer_id: UUID
    event: str
    status: str
    owner_id: str | None
    occurred_at: datetime
    recorded_at: datetime
    open: Range[datetime] | None


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Add the transitions. The applier applies no event twice."""
    rows = [row_of(each) for each in envelopes if isinstance(each.event, events.AlertEvent)]
    if not rows:
        return
    await held.copy_records_to_table("alert_history", records=rows, columns=HistoryRow._fields)
    await held.execute(SETTLE, list({row.alert_id for row in rows}))


def row_of(envelope: Envelope[events.Transition]) -> HistoryRow:
    event = envelope.event
    return HistoryRow(
        alert_id=envelope.stream_id,
        version=envelope.version,
        customer_id=envelope.subject,
        event=event.type.split(".")[2],
        status=event.status,
        owner_id=event.owner_id,
        occurred_at=envelope.occurred_at,
        recorded_at=envelope.recorded_at,
        open=None if isinstance(event, events.AlertWithdrawn) else open_during(event),
    )


def open_during(event: events.AlertState) -> Range[datetime]:
    """Return from when to when the alert was open, the end not included."""
    ends_at = max(event.ends_at, event.starts_at) if event.ends_at else None
    return Range(event.starts_at, ends_at, empty=ends_at == event.starts_at)

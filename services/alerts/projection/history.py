"""The transitions of alerts, each with the time in which the alert was open, for queries as of a past instant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis.postgres.database import Connection
from contracts import alerts as events
from contracts.event import Envelope

TABLES: Final = ("alert_history",)
# Without `starts_at`, the round was withdrawn. A row that is there already stays as it is.
INSERT: Final = """
    INSERT INTO alert_history (
        alert_id, version, customer_id, event, status, owner_id, occurred_at, recorded_at, open
    )
    SELECT alert_id, version, customer_id, event, status, owner_id, occurred_at, recorded_at,
        CASE WHEN starts_at IS NOT NULL
            THEN tstzrange(starts_at, CASE WHEN ends_at IS NOT NULL THEN greatest(starts_at, ends_at) END) END
    FROM unnest(
        $1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
        $8::timestamptz[], $9::timestamptz[], $10::timestamptz[]
    ) AS transition(
        alert_id, version, customer_id, event, status, owner_id, occurred_at, recorded_at, starts_at, ends_at
    )
    ON CONFLICT DO NOTHING
"""
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
    starts_at: datetime | None
    ends_at: datetime | None


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Add the transitions."""
    rows = [row_of(each) for each in envelopes]
    if rows:
        await held.execute(INSERT, *map(list, zip(*rows, strict=True)))
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
        starts_at=None if isinstance(event, events.AlertWithdrawn) else event.starts_at,
        ends_at=event.ends_at,
    )

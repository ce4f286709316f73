"""Lists the alerts that were open at a past instant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from asyncpg import Record

from chassis.http.as_of import AsOf
from chassis.postgres.database import Pool, fetch_planned
from chassis.store.event_store import COLUMNS, recorded
from chassis.store.mapper import EventMapper
from contracts.event import Envelope
from services.alerts.projection.alerts import project
from services.alerts.queries.alerts import VIEW, AlertFilters, AlertView
from services.alerts.queries.merges import MergesAt
from services.alerts.queries.past import as_known
from services.alerts.queries.visibility import may_see

# $1 is the instant of occurrence, $2 that of recording. Of each alert, the last open round counts; its state is the
# last transition that had occurred by then. The present holders decide who may see it.
OPEN_AT = f"""
    WITH known AS (
        SELECT DISTINCT ON (alert_id) alert_id, version, round FROM alert_history
        WHERE open IS NOT NULL AND known @> coalesce($2::timestamptz, 'infinity')
          AND ($1::timestamptz IS NULL OR open @> $1) AND ($1 IS NOT NULL OR status <> 'resolved')
          AND ($3::uuid IS NULL OR alert_id > $3)
          AND ($4::uuid[] IS NULL
            OR alert_id = ANY(ARRAY(SELECT alert_id FROM alert_history WHERE customer_id = ANY($4))))
        ORDER BY alert_id, round DESC
    ), page AS (
        SELECT s.alert_id, s.version, known.version AS known_version
        FROM known JOIN alert a ON a.alert_id = known.alert_id
        CROSS JOIN LATERAL (
            SELECT * FROM (
                SELECT *, $1 IS NULL OR occurred_at <= $1 AS had_occurred FROM alert_history h
                WHERE h.alert_id = known.alert_id AND h.round = known.round AND h.version <= known.version
                  AND h.status <> 'resolved'
            ) AS handled
            ORDER BY had_occurred DESC, CASE WHEN had_occurred AND $1 IS NOT NULL THEN occurred_at END DESC,
                CASE WHEN had_occurred THEN version END DESC, version
            LIMIT 1
        ) AS s
        WHERE ($4 IS NULL OR s.customer_id = ANY($4))
          AND ($5::text IS NULL OR s.status = $5)
          AND ($6::text IS NULL OR a.rule_id = $6)
          AND ($7::text IS NULL OR s.owner_id = $7)
          AND {may_see("a", "$8")}
        ORDER BY s.alert_id LIMIT $9
    )
    SELECT page.*, v.holders FROM page JOIN ({VIEW}) v ON v.id = page.alert_id ORDER BY page.alert_id
"""  # noqa: S608 - fixed text
EVENTS = f"""
    SELECT {COLUMNS} FROM event e
    JOIN unnest($1::uuid[], $2::integer[]) AS wanted(stream_id, version) USING (stream_id, version)
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class PastAlerts:
    """The alerts that were open at an instant, as they were known at another one."""

    pool: Pool
    mapper: EventMapper
    as_of: AsOf

    async def page(self, filters: AlertFilters, after: UUID | None, limit: int) -> list[AlertView]:
        """Return up to `limit` + 1 alerts in id order. The customer's alerts include those of its duplicates then."""
        merges = MergesAt(self.pool, self.as_of)
        ids = await merges.ids(filters.customer_id) if filters.customer_id else None
        wanted = (ids, filters.status, filters.rule_id, filters.owner_id, filters.visible_to)
        rows = await fetch_planned(
            self.pool, OPEN_AT, self.as_of.occurred_by, self.as_of.recorded_by, after, *wanted, limit + 1
        )
        events = await self._events(rows)
        return [view_of(state_of(row, events), row["holders"]) for row in rows]

    async def _events(self, rows: Sequence[Record]) -> dict[tuple[UUID, int], Envelope[Any]]:
        """Return the events of the states, and those that were known, by alert and version."""
        keys = {(row["alert_id"], row[column]) for row in rows for column in ("version", "known_version")}
        found = await self.pool.fetch(EVENTS, [each for each, _ in keys], [version for _, version in keys])
        return {(row["stream_id"], row["version"]): self.mapper.to_envelope(recorded(row)) for row in found}


def state_of(row: Record, events: Mapping[tuple[UUID, int], Envelope[Any]]) -> Envelope[Any]:
    return as_known(events[row["alert_id"], row["version"]], events[row["alert_id"], row["known_version"]])


def view_of(envelope: Envelope[Any], holders: Sequence[str]) -> AlertView:
    """Return the alert after an event, with those who may see it now."""
    row = project(envelope)
    return AlertView(
        id=row.alert_id,
        version=row.version,
        customer_id=row.customer_id,
        rule_id=row.rule_id,
        status=row.status,
        outcome=row.outcome,
        owner_id=row.owner_id,
        holders=list(holders),
        silent_since=row.silent_since,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        snoozed_until=row.snoozed_until,
        alert=envelope.event,
    )

"""The read model of the ladders: when the next rung of each open alert is due."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis.postgres.database import Connection, Pool
from chassis.store.event_store import COLUMNS, recorded
from chassis.store.mapper import EventMapper
from contracts.alerts import AlertEvent, AlertRaised, MuteEvent
from contracts.event import Envelope
from services.alerts.ladder.clock import next_rung_at, progress_of
from services.alerts.ladder.definitions import Ladders, StoredLadders
from services.alerts.staff.mutes import MuteKey, muted_until

# The name is stored with the positions.
CONSUMER: Final = "alert-ladder"
TABLES: Final = ("alert_ladder",)
STREAMS = f"SELECT {COLUMNS} FROM event WHERE stream_id = ANY($1) ORDER BY stream_id, version"  # noqa: S608
SAVE = """
    INSERT INTO alert_ladder (alert_id, customer_id, rule_id, next_rung_at, is_deferred)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::bool[])
    ON CONFLICT (alert_id) DO UPDATE
        SET customer_id = excluded.customer_id, rule_id = excluded.rule_id, next_rung_at = excluded.next_rung_at,
            is_deferred = excluded.is_deferred
"""
DELETE = "DELETE FROM alert_ladder WHERE alert_id = ANY($1)"
MUTED = """
    SELECT alert_id FROM alert_ladder
    JOIN unnest($1::uuid[], $2::text[]) AS changed(customer_id, rule_id) USING (customer_id, rule_id)
"""


class LadderRow(NamedTuple):
    """When the next rung of an alert is due. It is computed again at the next publication of a calendar if deferred."""

    alert_id: UUID
    customer_id: UUID
    rule_id: str
    next_rung_at: datetime
    is_deferred: bool


class LadderRows:
    """`apply` is the handler of a local feed. A row is a due time; the alert itself decides what is rung."""

    def __init__(self, mapper: EventMapper, ladders: StoredLadders) -> None:
        self._mapper = mapper
        self._ladders = ladders

    async def apply(self, envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        """Compute the due times of the alerts that the events concern from all their events."""
        alert_ids = {each.stream_id for each in envelopes if isinstance(each.event, AlertEvent)}
        muted = {(each.subject, each.event.rule_id) for each in envelopes if isinstance(each.event, MuteEvent)}
        if muted:
            alert_ids |= {alert_id for (alert_id,) in await held.fetch(MUTED, *map(list, zip(*muted, strict=True)))}
        if not alert_ids:
            return
        found = await self._rows(alert_ids, held)
        await held.execute(DELETE, list(alert_ids - {row.alert_id for row in found}))
        if found:
            await held.execute(SAVE, *map(list, zip(*found, strict=True)))

    async def _rows(self, alert_ids: Collection[UUID], held: Connection) -> list[LadderRow]:
        """Return a row for each alert that has a next rung."""
        streams = await events_of(held, self._mapper, alert_ids)
        ladders = await self._ladders.load(held)
        muted = await muted_until(held, self._mapper, {key_of(envelopes) for envelopes in streams.values()})
        due = {each: next_due(each_of, ladders, muted.get(key_of(each_of))) for each, each_of in streams.items()}
        return [
            LadderRow(each, *key_of(streams[each]), at, is_provisional(streams[each], ladders))
            for each, at in due.items()
            if at
        ]


async def events_of(
    source: "Connection | Pool", mapper: EventMapper, alert_ids: Collection[UUID]
) -> dict[UUID, list[Envelope[Any]]]:
    """Return all events of each alert, in one statement."""
    streams: dict[UUID, list[Envelope[Any]]] = defaultdict(list)
    for row in await source.fetch(STREAMS, list(alert_ids)):
        streams[row["stream_id"]].append(mapper.to_envelope(recorded(row)))
    return streams


def key_of(envelopes: Sequence[Envelope[Any]]) -> MuteKey:
    """Return the present customer and the rule of an alert."""
    return envelopes[-1].subject, envelopes[-1].event.rule_id


def raised_last(envelopes: Sequence[Envelope[Any]]) -> Envelope[Any]:
    """Return the event that raised the alert the last time."""
    return next(each for each in reversed(envelopes) if isinstance(each.event, AlertRaised))


def is_provisional(envelopes: Sequence[Envelope[Any]], ladders: Ladders) -> bool:
    """Return whether the work time of an alert is counted by another calendar, because its own was lost."""
    return not ladders.has_calendar(ladders.of(raised_last(envelopes)).definition)


def next_due(envelopes: Sequence[Envelope[Any]], ladders: Ladders, muted: datetime | None) -> datetime | None:
    """Return when the next rung of an alert is due: after the mute, and None if there is none.

    The ladder and the calendar are those in force when the alert was raised.
    """
    definition, calendar = ladders.of(raised_last(envelopes))
    due_at = next_rung_at(progress_of(envelopes, definition.rungs, calendar), calendar)
    return max(due_at, muted) if due_at and muted else due_at

"""Reads the alerts whose rungs are due: many in two statements, and without those that cannot be read."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.consume.isolation import RETRYABLE
from chassis.postgres.database import Pool
from chassis.store.mapper import EventMapper
from contracts.event import Envelope
from services.alerts.ladder.rows import events_of, key_of
from services.alerts.staff.mutes import muted_until


class Read(NamedTuple):
    """An alert: its events (none if a restore has lost it), and until when its rule is muted for its customer."""

    alert_id: UUID
    envelopes: Sequence[Envelope[Any]]
    muted: datetime | None = None


async def read_alerts(
    pool: Pool, mapper: EventMapper, alert_ids: Sequence[UUID], failed: Callable[[UUID, Exception], None]
) -> list[Read]:
    """Return the alerts that can be read, and report each other one as failed."""
    try:
        return await read_together(pool, mapper, alert_ids)
    except RETRYABLE:
        raise
    except Exception as error:  # noqa: BLE001 - any other failure is caused by the events of an alert
        if len(alert_ids) == 1:
            failed(alert_ids[0], error)
            return []
        half = len(alert_ids) // 2
        first = await read_alerts(pool, mapper, alert_ids[:half], failed)
        return first + await read_alerts(pool, mapper, alert_ids[half:], failed)


async def read_together(pool: Pool, mapper: EventMapper, alert_ids: Sequence[UUID]) -> list[Read]:
    streams = await events_of(pool, mapper, alert_ids)
    keys = {each: key_of(envelopes) for each, envelopes in streams.items()}
    muted = await muted_until(pool, mapper, set(keys.values()))
    return [
        Read(each, streams[each], muted.get(keys[each])) if each in streams else Read(each, ()) for each in alert_ids
    ]

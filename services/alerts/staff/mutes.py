"""Until when rules are muted for customers, by the events of the own store."""

from collections.abc import Collection
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID, uuid5

from chassis.postgres.database import Connection, Pool
from chassis.store.event_store import COLUMNS, recorded
from chassis.store.mapper import EventMapper
from contracts.alerts import RuleMuted
from services.alerts.engine.stretch import NEVER_DUE

# A customer and a rule.
MuteKey: TypeAlias = tuple[UUID, str]
LATEST: Final = f"""
    SELECT DISTINCT ON (stream_id) {COLUMNS} FROM event WHERE stream_id = ANY($1) ORDER BY stream_id, version DESC
"""  # noqa: S608


def mute_id(customer_id: UUID, rule_id: str) -> UUID:
    """Return the stream of the mutes of a rule for a customer."""
    return uuid5(customer_id, f"mute|{rule_id}")


async def muted_until(
    source: "Connection | Pool", mapper: EventMapper, keys: Collection[MuteKey]
) -> dict[MuteKey, datetime]:
    """Return until when each of these rules is or was muted; NEVER_DUE for a mute without an end."""
    by_stream = {mute_id(*key): key for key in keys}
    events = [mapper.to_envelope(recorded(row)) for row in await source.fetch(LATEST, list(by_stream))]
    return {
        by_stream[each.stream_id]: each.event.muted_until or NEVER_DUE
        for each in events
        if isinstance(each.event, RuleMuted)
    }

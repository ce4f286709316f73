"""The segments that the conditions of rules name, from the fact log: they are facts of the customer service."""

from collections.abc import Collection
from typing import Final, NamedTuple

from asyncpg import Record
from pydantic import ValidationError

from chassis.postgres.database import Connection, Pool
from contracts.cloudevents import type_of
from contracts.customer import SegmentFilter, SegmentPublished, SegmentRemoved
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.segments import Segment, unknown
from services.alerts.engine.words import Words

REMOVED: Final = type_of(SegmentRemoved)
# As in the index.
OF_SEGMENTS: Final = f"type IN ('{type_of(SegmentPublished)}', '{REMOVED}')"
STATED: Final = f"""
    SELECT data ->> 'name' AS name, type, position, event_id, recorded_at, data -> 'filter' AS filter FROM fact
    WHERE {OF_SEGMENTS} AND data ->> 'name' = ANY($1) ORDER BY position
"""  # noqa: S608 - fixed text
# For each of the names `{{names}}`, the position of the last event.
POSITIONS: Final = f"""
    ARRAY(
        SELECT coalesce((SELECT max(position) FROM fact WHERE {OF_SEGMENTS} AND data ->> 'name' = named), 0)
        FROM unnest({{names}}::text[]) WITH ORDINALITY AS asked(named, place) ORDER BY place
    )
"""  # noqa: S608 - fixed text


class StoredSegments(NamedTuple):
    """Segments by name, in the order of names, and for each the position of its last event."""

    segments: dict[str, Segment]
    positions: tuple[int, ...]


async def read_segments(source: "Connection | Pool", names: Collection[str]) -> StoredSegments:
    """Return the segments with these names, as they are in force. One that does not exist has a `fault`."""
    found = {name: unknown(name) for name in sorted(names)}
    positions = dict.fromkeys(found, 0)
    for row in await source.fetch(STATED, list(found)) if found else ():
        name, segment = row["name"], segment_of(row)
        positions[name] = row["position"]
        # A version with the same filter, such as one with another label, changes nothing.
        if (segment.filter, segment.fault) != (found[name].filter, found[name].fault):
            found[name] = segment
    return StoredSegments(found, tuple(positions.values()))


def segment_of(row: Record) -> Segment:
    """Return what an event states. A newer build of the customer service may filter by fields that this one lacks."""
    name, stated = row["name"], Occurrence(row["recorded_at"], row["event_id"])
    if row["type"] == REMOVED:
        return Segment(fault=Words(f"the segment {name} was removed", f"客户分群 {name} 已删除"), stated=stated)
    given = {field for field, value in row["filter"].items() if value is not None}
    if others := ", ".join(sorted(given - SegmentFilter.model_fields.keys())):
        en = f"the segment {name} has fields that this version cannot evaluate: {others}"
        return Segment(fault=Words(en, f"客户分群 {name} 含有当前版本无法计算的字段：{others}"), stated=stated)
    try:
        return Segment(filter=SegmentFilter.model_validate(row["filter"]), stated=stated)
    except ValidationError:
        en, zh = (
            f"the segment {name} has a filter that this version refuses",
            f"当前版本不接受客户分群 {name} 的筛选条件",
        )
        return Segment(fault=Words(en, zh), stated=stated)

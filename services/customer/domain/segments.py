"""The rules of a segment: published in whole versions, let go, and published again."""

from chassis.versions.decider import Kind, Timeline
from contracts.customer import SegmentPublished, SegmentRemoved
from services.customer.commands import RemoveSegment


def removed(timeline: Timeline[SegmentPublished], command: RemoveSegment) -> list[SegmentRemoved]:
    """Let the segment go, if it is there."""
    return [SegmentRemoved(name=command.name)] if timeline.versions else []


SEGMENT: Kind[SegmentPublished] = Kind(("segment",), name_field="name", decide_other=removed)

"""The rules of a segment: it is published in versions, and can be removed and published again."""

from chassis.versions.decider import Kind, Timeline
from contracts.customer import SegmentPublished, SegmentRemoved
from services.customer.commands import RemoveSegment


def removed(timeline: Timeline[SegmentPublished], command: RemoveSegment) -> list[SegmentRemoved]:
    """Remove the segment, if there is one."""
    return [SegmentRemoved(name=command.name)] if timeline.versions else []


SEGMENT: Kind[SegmentPublished] = Kind(("segment",), name_field="name", decide_other=removed)

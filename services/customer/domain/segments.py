"""The rules of a segment: each publication is a whole new version, also after it was gone."""

from dataclasses import dataclass

from chassis.commands.decider import Decider
from contracts.customer import SegmentEvent, SegmentFilter, SegmentPublished, SegmentRemoved
from services.customer import commands


@dataclass(frozen=True, slots=True)
class Segment:
    """The latest version, and whether it is still there."""

    latest: SegmentPublished | None = None
    is_there: bool = False


def decide(segment: Segment, command: commands.SegmentCommand) -> list[SegmentEvent]:
    """Return the events that `command` earns: none when what it asks for already holds."""
    match command:
        case commands.PublishSegment():
            return published(segment, command)
        case commands.RemoveSegment(name=name):
            return [SegmentRemoved(name=name)] if segment.is_there else []


def published(segment: Segment, command: commands.PublishSegment) -> list[SegmentEvent]:
    number = segment.latest.number if segment.latest else 0
    kept = SegmentFilter(**dict(command.filter))
    event = SegmentPublished(name=command.name, number=number + 1, en=command.en, zh=command.zh, filter=kept)
    same = segment.is_there and event.model_copy(update={"number": number}) == segment.latest
    return [] if same else [event]


def evolve(segment: Segment, event: SegmentEvent) -> Segment:
    """Apply one fact. A fact is never refused: it has already happened."""
    match event:
        case SegmentPublished():
            return Segment(event, is_there=True)
        case SegmentRemoved():
            return Segment(segment.latest)


SEGMENT = Decider(initial=Segment(), decide=decide, evolve=evolve)

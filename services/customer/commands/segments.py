"""Commands to publish and remove a segment."""

from pydantic import ConfigDict, Field

from chassis.commands.command import Command
from contracts.customer import SegmentFilter
from contracts.types import Code, Word


class SegmentFilterInput(SegmentFilter):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Segment(Command):
    """The labels and the filter of a segment."""

    en: Word
    zh: Word
    filter: SegmentFilterInput = Field(default_factory=SegmentFilterInput)


class RemoveSegment(Command):
    name: Code

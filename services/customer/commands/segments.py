"""Asking to keep a segment of customers, and to let it go."""

from pydantic import ConfigDict, Field

from chassis.commands.command import Command
from contracts.customer import SegmentFilter
from contracts.types import Code, Word


class FilterGiven(SegmentFilter):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Segment(Command):
    """Whom the segment holds, and what people read."""

    en: Word
    zh: Word
    filter: FilterGiven = Field(default_factory=FilterGiven)


class RemoveSegment(Command):
    name: Code

"""Segments: filters that are kept under a name, in whole versions (ADR 0008), for whoever reaches out to customers."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from contracts.customer.life import Stage
from contracts.event import Event
from contracts.types import Code, EmployeeId, Word
from contracts.version import Published


class SegmentFilter(BaseModel):
    """Whom a segment holds: those for whom all of this is so. Nothing by which a person could be meant stands here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stage: Stage | None = None
    tier: Code | None = None
    owner_id: EmployeeId | None = None
    region: Word | None = None
    tag: Code | None = None
    ownerless: bool | None = None
    proposed_in: Code | None = None


class SegmentPublished(Published):
    """A whole new version of a segment, in force at once. Its subject is the segment itself, not a customer."""

    type: Literal["care.customer.segment-published.v1"] = "care.customer.segment-published.v1"
    name: Code
    en: Word
    zh: Word
    filter: SegmentFilter


class SegmentRemoved(Event):
    """The segment is there no longer."""

    type: Literal["care.customer.segment-removed.v1"] = "care.customer.segment-removed.v1"
    name: Code


SegmentEvent = SegmentPublished | SegmentRemoved

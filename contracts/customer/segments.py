"""Segments: customer filters with a name and versions (ADR 0008)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from contracts.customer.life import Stage
from contracts.event import Event
from contracts.types import Code, EmployeeId, Word
from contracts.version import Published


class SegmentFilter(BaseModel):
    """A segment contains the customers that match all fields. No field may identify a person."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stage: Stage | None = None
    tier: Code | None = None
    owner_id: EmployeeId | None = None
    region: Word | None = None
    tag: Code | None = None
    ownerless: bool | None = None
    proposed_in: Code | None = None


class SegmentPublished(Published):
    """A new version of a segment was published. The subject is the segment, not a customer."""

    type: Literal["care.customer.segment-published.v1"] = "care.customer.segment-published.v1"
    name: Code
    en: Word
    zh: Word
    filter: SegmentFilter


class SegmentRemoved(Event):
    """A segment was removed. The subject is the segment, not a customer."""

    type: Literal["care.customer.segment-removed.v1"] = "care.customer.segment-removed.v1"
    name: Code


SegmentEvent = SegmentPublished | SegmentRemoved

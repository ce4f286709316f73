"""The watermark of a partition: up to when its events are complete. Each topic of events has a topic of watermarks."""

from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.types import Instant


class Watermark(BaseModel):
    """All events of a partition that were recorded before `complete_until` have a position up to `position`.

    `position` and `event_id` are those of the last event on the partition; 0 and none if it has no event.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, hide_input_in_errors=True)
    TYPE: ClassVar[str] = "care.watermark.v1"

    partition: int = Field(ge=0)
    position: int = Field(ge=0)
    event_id: UUID | None = None
    complete_until: Instant

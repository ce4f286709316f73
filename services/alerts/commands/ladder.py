"""The command to publish a ladder, validated before it reaches its decider."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from chassis.rules.calendars.shipped import CHINA_OFFICE
from chassis.versions.decider import Publication
from contracts.alerts import Reason, Rung
from contracts.alerts.ladder import MAX_RUNGS
from contracts.field_error import FieldError
from contracts.types import Code


class PublishLadder(Publication):
    """A new version of the ladder of a severity. `reason` must not hold personal data."""

    calendar: Annotated[Code, Field(json_schema_extra={"format": "calendar-name"})] = CHINA_OFFICE
    rungs: Annotated[tuple[Rung, ...], Field(min_length=1, max_length=MAX_RUNGS)]
    reason: Reason

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        for place, (lower, upper) in enumerate(pairwise(self.rungs), 1):
            if upper.after_minutes <= lower.after_minutes:
                raise FieldError(
                    "each rung must come later than the one before",
                    "每一级都必须晚于上一级",
                    "rungs",
                    place,
                    "after_minutes",
                )
        return self

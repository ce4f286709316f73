"""Publishing what is promised to whoever complains: a whole new version, checked before it is one."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from chassis.command import Command
from contracts.followup.complaint_policy import MAX_CONSENT_WORKDAYS, MAX_TARGETS, ComplaintTarget
from contracts.types import Code


class TargetGiven(ComplaintTarget):
    """A target. The answer is not due after the resolution."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="after")
    def _answers_first(self) -> Self:
        if self.answer_minutes > self.resolve_minutes:
            raise ValueError("the answer is due no later than the resolution")
        return self


class PublishComplaintPolicy(Command):
    """What complaints are promised from now on. A severity that names no target for any tier has the one that ships."""

    targets: Annotated[tuple[TargetGiven, ...], Field(max_length=MAX_TARGETS)]
    consent_workdays: Annotated[int, Field(strict=True, ge=1, le=MAX_CONSENT_WORKDAYS)] = 5
    calendar: Annotated[Code, Field(json_schema_extra={"format": "calendar-name"})] = "china-office"

    @model_validator(mode="after")
    def _says_each_once(self) -> Self:
        named = [(each.severity, each.tier) for each in self.targets]
        if len(set(named)) != len(named):
            raise ValueError("each severity and tier stand together once")
        return self

"""Publishing what is promised to whoever complains: a whole new version, checked before it is one."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from chassis.command import Command
from contracts.followup.complaint_policy import MAX_CONSENT_WORKDAYS, MAX_TARGETS, ComplaintTarget
from contracts.types import Code
from contracts.unfit import UnfitError


class TargetGiven(ComplaintTarget):
    """A target. The answer is not due after the resolution."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="after")
    def _answers_first(self) -> Self:
        if self.answer_minutes > self.resolve_minutes:
            raise UnfitError(
                "the answer is due no later than the resolution", "答复时限不得晚于解决时限", "answer_minutes"
            )
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
            raise UnfitError(
                "each severity and tier stand together once", "同一严重程度与分层的组合只能出现一次", "targets"
            )
        return self

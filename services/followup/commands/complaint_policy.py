"""Publishing what is promised to whoever complains: a whole new version, checked before it is one."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from chassis.versions.decider import Publication
from contracts.field_error import FieldError
from contracts.followup.complaint_policy import (
    MAX_ASSIGNMENTS,
    MAX_CONSENT_WORKDAYS,
    MAX_TARGETS,
    ComplaintAssignee,
    ComplaintAssignment,
    ComplaintTarget,
)
from contracts.types import Code


class TargetGiven(ComplaintTarget):
    """A target. The answer is not due after the resolution."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="after")
    def _answers_first(self) -> Self:
        if self.answer_minutes > self.resolve_minutes:
            raise FieldError(
                "the answer is due no later than the resolution", "答复时限不得晚于解决时限", "answer_minutes"
            )
        return self


class AssignmentGiven(ComplaintAssignment):
    """Who answers for a category. One for a team names it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.assign in {ComplaintAssignee.RECEIVER, ComplaintAssignee.OWNER}) == bool(self.team):
            raise FieldError(
                "a round robin and the least loaded are of a team; nothing else names one",
                "轮流与最少负载须填团队，其他方式不填",
                "team",
            )
        return self


class PublishComplaintPolicy(Publication):
    """What complaints are promised from now on. A severity that names no target for any tier has the one that ships."""

    targets: Annotated[tuple[TargetGiven, ...], Field(max_length=MAX_TARGETS)]
    consent_workdays: Annotated[int, Field(strict=True, ge=1, le=MAX_CONSENT_WORKDAYS)] = 5
    calendar: Annotated[Code, Field(json_schema_extra={"format": "calendar-name"})] = "china-office"
    assignments: Annotated[tuple[AssignmentGiven, ...], Field(max_length=MAX_ASSIGNMENTS)] = ()

    @model_validator(mode="after")
    def _says_each_once(self) -> Self:
        named = [(each.severity, each.tier) for each in self.targets]
        if len(set(named)) != len(named):
            raise FieldError(
                "each severity and tier stand together once", "同一严重程度与分层的组合只能出现一次", "targets"
            )
        if len({each.category for each in self.assignments}) != len(self.assignments):
            raise FieldError("each category stands once", "每个类别只能出现一次", "assignments")
        return self

"""The command to publish a complaint policy, validated before it reaches the rules."""

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


class TargetInput(ComplaintTarget):
    """A target. The answer must not be due after the resolution."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="after")
    def _answer_is_due_first(self) -> Self:
        if self.answer_minutes > self.resolve_minutes:
            raise FieldError(
                "the answer must not be due later than the resolution", "答复时限不得晚于解决时限", "answer_minutes"
            )
        return self


class AssignmentInput(ComplaintAssignment):
    """The assignment rule of a category. A rule for a team names its members."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="after")
    def _has_a_team_if_needed(self) -> Self:
        if (self.assign in {ComplaintAssignee.RECEIVER, ComplaintAssignee.OWNER}) == bool(self.team):
            raise FieldError(
                "only round-robin and least-loaded need a team",
                "轮流分配和最少负载分配须填团队，其他方式不能填",
                "team",
            )
        return self


class PublishComplaintPolicy(Publication):
    """A new complaint policy. A severity without a target for all tiers gets the shipped target."""

    targets: Annotated[tuple[TargetInput, ...], Field(max_length=MAX_TARGETS)]
    consent_workdays: Annotated[int, Field(strict=True, ge=1, le=MAX_CONSENT_WORKDAYS)] = 5
    calendar: Annotated[Code, Field(json_schema_extra={"format": "calendar-name"})] = "china-office"
    assignments: Annotated[tuple[AssignmentInput, ...], Field(max_length=MAX_ASSIGNMENTS)] = ()

    @model_validator(mode="after")
    def _has_no_duplicates(self) -> Self:
        named = [(each.severity, each.tier) for each in self.targets]
        if len(set(named)) != len(named):
            raise FieldError(
                "each combination of severity and tier may occur only once",
                "同一严重程度与分层的组合只能出现一次",
                "targets",
            )
        if len({each.category for each in self.assignments}) != len(self.assignments):
            raise FieldError("each category may occur only once", "每个类别只能出现一次", "assignments")
        return self

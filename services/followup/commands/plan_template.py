"""Publishing a plan's template: a whole new version, checked before it is one."""

from enum import StrEnum
from types import NoneType
from typing import Annotated, Any, Self, get_args

from pydantic import ConfigDict, Field, model_validator

from chassis.versions.decider import Publication
from contracts.customer import Mode
from contracts.field_error import FieldError
from contracts.followup.plan import MAX_STEPS, MAX_TRIGGERS, Assignment, OffsetUnit, PlanStep, PlanTrigger
from contracts.topics import EVENT_TYPES
from contracts.types import Code, Word


class TriggerGiven(PlanTrigger):
    """A fact that is known here. A `value` needs a `field` to stand in."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        known = EVENT_TYPES.get(self.event)
        if known is None:
            raise FieldError("no such event type is known", "没有这样的事件类型", "event")
        if self.field is not None and self.field not in known.model_fields:
            raise FieldError("this event has no such field", "该事件没有这个字段", "field")
        if (self.field is None) != (self.value is None):
            raise FieldError("field and value come together", "field 与 value 须同时提供", "value")
        offered = [] if self.field is None else words_of(known.model_fields[self.field].annotation)
        if offered and self.value not in offered:
            raise FieldError(
                f"this field never says that; it is one of: {', '.join(offered)}",
                f"该字段不会有此值；可选：{'、'.join(offered)}",
                "value",
            )
        return self


def words_of(annotation: Any) -> list[str]:
    """Return all that a field may say, where it holds one of a few words; nothing where it may say anything."""
    if isinstance(annotation, type):
        return list(annotation) if issubclass(annotation, StrEnum) else []
    inner = [each for each in get_args(annotation) if each is not NoneType]
    return words_of(inner[0]) if len(inner) == 1 else []


class StepGiven(PlanStep):
    """A step. One for a team names it, and one that repeats lies ahead."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.assign is Assignment.OWNER) == bool(self.team):
            raise FieldError(
                "a step for the owner names no team, any other one does",
                "指派给负责人的步骤不填团队，其他步骤须填",
                "team",
            )
        if self.repeats and self.offset < 1:
            raise FieldError("a step that repeats has an offset of at least 1", "重复步骤的间隔至少为 1", "offset")
        if self.unit is OffsetUnit.WORKDAYS and self.offset < 0:
            raise FieldError("workdays are counted ahead only", "工作日只能向后计算", "offset")
        return self


Triggers = Annotated[tuple[TriggerGiven, ...], Field(max_length=MAX_TRIGGERS)]


class PlanTemplate(Publication):
    """When plans begin, what they hold, and when they end."""

    mode: Mode | None = None
    starts_on: Triggers
    anchor: Annotated[Word, Field(json_schema_extra={"format": "event-field"})] | None = None
    steps: Annotated[tuple[StepGiven, ...], Field(max_length=MAX_STEPS)]
    ends_on: Triggers = ()
    once: bool = False
    calendar: Annotated[Code, Field(json_schema_extra={"format": "calendar-name"})] = "china-office"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not (self.starts_on and self.steps):
            raise FieldError(
                "a template has something that starts it, and a step",
                "模板须有起始事件和步骤",
                "steps" if self.starts_on else "starts_on",
            )
        if len({step.name for step in self.steps}) != len(self.steps):
            raise FieldError("each step has a name of its own", "步骤名称不能重复", "steps")
        lacking = [each for each in self.starts_on if self.anchor not in {None, *EVENT_TYPES[each.event].model_fields}]
        if lacking:
            raise FieldError(
                "every starting event has the field that is the anchor", "每个起始事件都须有作为基准的字段", "anchor"
            )
        return self

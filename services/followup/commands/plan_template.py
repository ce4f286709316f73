"""The command to publish a plan template, validated before it reaches the rules."""

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


class TriggerInput(PlanTrigger):
    """An event that starts or ends plans. `field` and `value` must be given together."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="after")
    def _names_a_known_event(self) -> Self:
        known = EVENT_TYPES.get(self.event)
        if known is None:
            raise FieldError("unknown event type", "没有这样的事件类型", "event")
        if self.field is not None and self.field not in known.model_fields:
            raise FieldError("this event does not have this field", "该事件没有这个字段", "field")
        if (self.field is None) != (self.value is None):
            raise FieldError("field and value must be given together", "field 与 value 须同时提供", "value")
        allowed = [] if self.field is None else values_of(known.model_fields[self.field].annotation)
        if allowed and self.value not in allowed:
            raise FieldError(
                f"this field never has this value; possible values: {', '.join(allowed)}",
                f"该字段不会有此值；可选：{'、'.join(allowed)}",
                "value",
            )
        return self


def values_of(annotation: Any) -> list[str]:
    """Return the values of an enumerated field; an empty list if the field is not enumerated."""
    if isinstance(annotation, type):
        return list(annotation) if issubclass(annotation, StrEnum) else []
    inner = [each for each in get_args(annotation) if each is not NoneType]
    return values_of(inner[0]) if len(inner) == 1 else []


class StepInput(PlanStep):
    """A step. A step for a team names its members; a repeated step has a positive offset."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if (self.assign is Assignment.OWNER) == bool(self.team):
            raise FieldError(
                "a step for the owner must not have a team; any other step must have one",
                "指派给负责人的步骤不能填团队，其他步骤须填",
                "team",
            )
        if self.repeats and self.offset < 1:
            raise FieldError("a repeated step must have an offset of at least 1", "重复步骤的间隔至少为 1", "offset")
        if self.unit is OffsetUnit.WORKDAYS and self.offset < 0:
            raise FieldError("an offset in workdays must not be negative", "以工作日计的偏移不能为负", "offset")
        return self


Triggers = Annotated[tuple[TriggerInput, ...], Field(max_length=MAX_TRIGGERS)]


class PlanTemplate(Publication):
    """The events that start plans, their steps, and the events that end them."""

    mode: Mode | None = None
    starts_on: Triggers
    anchor: Annotated[Word, Field(json_schema_extra={"format": "event-field"})] | None = None
    steps: Annotated[tuple[StepInput, ...], Field(max_length=MAX_STEPS)]
    ends_on: Triggers = ()
    once: bool = False
    calendar: Annotated[Code, Field(json_schema_extra={"format": "calendar-name"})] = "china-office"

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if not (self.starts_on and self.steps):
            raise FieldError(
                "a template must have a starting event and a step",
                "模板须有起始事件和步骤",
                "steps" if self.starts_on else "starts_on",
            )
        if len({step.name for step in self.steps}) != len(self.steps):
            raise FieldError("step names must be unique", "步骤名称不能重复", "steps")
        lacking = [each for each in self.starts_on if self.anchor not in {None, *EVENT_TYPES[each.event].model_fields}]
        if lacking:
            raise FieldError(
                "every starting event must have the anchor field", "每个起始事件都须有作为基准的字段", "anchor"
            )
        return self

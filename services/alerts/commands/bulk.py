"""The request that handles many alerts at once: one command for each."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import Field, SkipValidation, model_validator

from chassis.commands.command import RequestModel
from contracts.field_error import FieldError
from contracts.types import EmployeeId, Instant, Note
from services.alerts.commands.alert import Acknowledge, AlertCommand, AssignAlert, Comment, Snooze, Unsnooze

MAX_BULK: Final = 100
COMMANDS: Final[Mapping[str, Callable[..., AlertCommand]]] = {
    "acknowledge": Acknowledge,
    "assign": AssignAlert,
    "comment": Comment,
    "snooze": Snooze,
    "unsnooze": Unsnooze,
}
# The fields that each action needs; the other actions have none.
FIELDS: Final = {"assign": ("owner_id",), "comment": ("text",), "snooze": ("until", "reason")}
ALL_FIELDS: Final = ("owner_id", "text", "until", "reason")


class BulkItem(RequestModel):
    """A step for one alert. `assign` needs `owner_id`, `comment` needs `text`, `snooze` needs `until` and `reason`."""

    alert_id: UUID
    action: Literal["acknowledge", "assign", "comment", "snooze", "unsnooze"]
    owner_id: EmployeeId | None = None
    text: Note | None = None
    until: Instant | None = None
    reason: Note | None = None

    @model_validator(mode="after")
    def fields_of_the_action(self) -> Self:
        needed = FIELDS.get(self.action, ())
        for name in ALL_FIELDS:
            if name in needed and getattr(self, name) is None:
                raise FieldError("this action needs this field", "该操作须填写此字段", name)
            if name not in needed and getattr(self, name) is not None:
                raise FieldError("this action has no such field", "该操作没有此字段", name)
        return self

    def command(self) -> AlertCommand:
        """Return the command of this step."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in FIELDS.get(self.action, ())}
        return COMMANDS[self.action](**fields)


class HandleAlerts(RequestModel):
    """Steps for alerts, done in their order, each for itself. An item is validated when it is done."""

    items: Annotated[tuple[SkipValidation[BulkItem], ...], Field(min_length=1, max_length=MAX_BULK)]

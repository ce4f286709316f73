"""Commands for an open alert."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from pydantic import PrivateAttr

from chassis.commands.command import Command
from contracts.types import Code, EmployeeId, Instant, Note


@dataclass(frozen=True, slots=True)
class Moment:
    """Who sends a command, an employee or a service, and when."""

    by: str
    at: datetime


class AlertCommand(Command):
    """A command for an alert. It is decided with a moment, which the request does not contain."""

    _moment: Moment | None = PrivateAttr(default=None)

    @property
    def moment(self) -> Moment:
        """The moment. Raises LookupError if there is none."""
        if self._moment is None:
            raise LookupError("a command for an alert is decided with a moment")
        return self._moment

    def with_moment(self, by: str, at: datetime) -> Self:
        """Return the same command with its moment."""
        copied = self.model_copy()
        copied._moment = Moment(by, at)  # noqa: SLF001 - a copy of its own
        return copied


class Acknowledge(AlertCommand):
    """Acknowledge the alert. Nobody is reminded of it any more."""


class AssignAlert(AlertCommand):
    """Assign the alert to an employee. It stays with that employee when the customer gets another owner."""

    owner_id: EmployeeId


class Comment(AlertCommand):
    """Add a comment."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"text"})

    text: Note


class Snooze(AlertCommand):
    """Remind nobody of the alert until a time."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"reason"})

    until: Instant
    reason: Note


class Unsnooze(AlertCommand):
    """End the snooze now."""


class Escalate(AlertCommand):
    """Remind these employees, on the rung `level` of the ladder. The ladder sends it, not people."""

    level: int
    rung: Code
    employee_ids: tuple[EmployeeId, ...]
    deliver_after: Instant | None = None

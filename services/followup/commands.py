"""What can be asked about contacts, tasks and complaints. Where nobody is named, the caller is meant."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from chassis.command import FactCommand
from contracts.followup import Channel, Direction, Severity
from contracts.types import Code, EmployeeId, Instant, Note

Employee = Annotated[EmployeeId | None, Field(description="An employee's id; the caller's own if absent.")]


class LogContact(FactCommand):
    """Record that somebody spoke with the customer. An `automated` touch is one that nobody made."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"content"})

    channel: Channel
    direction: Direction
    employee_id: Employee = None
    automated: bool = False
    purpose: Code | None = None
    outcome: Code | None = None
    content: Note | None = None
    task_id: UUID | None = None


class Schedule(FactCommand):
    """Promise the customer something by a time."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"content"})

    assignee_id: Employee = None
    due_at: Instant
    purpose: Code | None = None
    content: Note | None = None


class Reschedule(FactCommand):
    """Move what is owed to another time."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"reason"})

    due_at: Instant
    reason: Note | None = None


class Complete(FactCommand):
    """State that what was owed has been done."""

    employee_id: Employee = None
    outcome: Code | None = None


class Cancel(FactCommand):
    """State that nothing is owed any more."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"reason"})

    reason: Note | None = None


class Raise(FactCommand):
    """Record a complaint. Whoever receives it owns it."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"content"})

    channel: Channel
    severity: Severity = Severity.NORMAL
    owner_id: Employee = None
    topic: Code | None = None
    content: Note | None = None


class Answer(FactCommand):
    """Record what the customer was answered."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"content"})

    employee_id: Employee = None
    content: Note | None = None


class Confirm(FactCommand):
    """Record that the customer is content with the answer."""


class Close(FactCommand):
    """End the complaint."""

    resolution: Code | None = None


TaskCommand = Schedule | Reschedule | Complete | Cancel
ComplaintCommand = Raise | Answer | Confirm | Close

"""What can be asked about complaints."""

from typing import ClassVar

from chassis.command import FactCommand
from contracts.followup import Channel, Severity
from contracts.types import Code, Note
from services.followup.commands.employee import Employee


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


ComplaintCommand = Raise | Answer | Confirm | Close

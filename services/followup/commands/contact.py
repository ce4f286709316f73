"""What can be asked about contacts."""

from typing import ClassVar
from uuid import UUID

from chassis.command import FactCommand
from contracts.followup import Channel, Direction
from contracts.types import Code, Note
from services.followup.commands.employee import Employee


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

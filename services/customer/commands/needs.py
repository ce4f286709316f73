"""The command to state a customer's need."""

from typing import ClassVar

from chassis.commands.command import FactCommand
from contracts.customer import NeedStatus
from contracts.types import Note, Word


class StateNeed(FactCommand):
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"text"})

    need: Word
    status: NeedStatus = NeedStatus.OPEN
    text: Note | None = None

"""Commands to record competitors, referrals and news."""

from typing import ClassVar
from uuid import UUID

from chassis.commands.command import FactCommand
from contracts.types import Code, Note


class SeeCompetitor(FactCommand):
    """Record that a competitor was seen at the customer."""

    competitor: Code
    is_cheaper: bool | None = None


class MakeReferral(FactCommand):
    """Record that the customer recommended us."""

    referred_customer_id: UUID | None = None


class RecordNews(FactCommand):
    """Record that something happened at the customer."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"text"})

    topic: Code
    text: Note | None = None

"""Asking for the next step of a complaint. Where nobody is named, the caller is meant."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from pydantic import PrivateAttr

from chassis.commands.command import Context, FactCommand
from contracts.followup import Channel, ComplaintPolicyPublished, Intake, Severity
from contracts.followup.calendar import CalendarPublished
from contracts.followup.plan import Assignment
from contracts.types import Code, EmployeeId, Instant, Note
from services.followup.commands.employee import Employee
from services.followup.complaints.targets import SHIPPED


@dataclass(frozen=True, slots=True)
class Moment:
    """When a step is taken, by which calendar work time counts then, and the customer's tier."""

    at: datetime
    calendar: CalendarPublished
    tier: str | None = None
    former: CalendarPublished | None = None
    policy: ComplaintPolicyPublished = SHIPPED


class Step(FactCommand):
    """A step of a complaint. Without a moment no clock runs, and none is judged."""

    _moment: Moment | None = PrivateAttr(default=None)

    @property
    def moment(self) -> Moment | None:
        return self._moment

    def taken(
        self,
        context: Context,
        calendar: CalendarPublished,
        tier: str | None = None,
        former: CalendarPublished | None = None,
        policy: ComplaintPolicyPublished = SHIPPED,
    ) -> Self:
        """Return the same step at its moment; until then time counted by the `former` calendar, if there is one."""
        copied = self.model_copy()
        copied._moment = Moment(self.occurred_at or context.now, calendar, tier, former, policy)  # noqa: SLF001 - a copy of its own
        return copied


class Raise(Step):
    """Record a complaint. Whoever receives it owns it."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"content"})

    channel: Channel
    severity: Severity = Severity.NORMAL
    owner_id: Employee = None
    topic: Code | None = None
    category: Code | None = None
    product: Code | None = None
    intake: Intake | None = None
    partner: Code | None = None
    content: Note | None = None


class RaiseByRule(Raise):
    """Record a complaint that the policy gives to somebody else than whoever receives it."""

    to_owner_id: EmployeeId
    assignment: Assignment
    policy_number: int
    stands_in_for: EmployeeId | None


class AssignComplaint(Step):
    """Give the complaint to somebody else. Its clock runs on."""

    owner_id: EmployeeId


class PassComplaintOn(AssignComplaint):
    """Let the customer's next owner answer for it, and leave it where it is."""

    reason: Code


class Reclassify(Step):
    """State that the complaint weighs more, or less. Its targets change; what was used of its time stays used."""

    severity: Severity
    reason: Code


class Pause(Step):
    """Stop the clock, because the next step is not ours."""

    reason: Code


class Resume(Step):
    """Let the clock run on."""


class Repromise(Step):
    """Promise again under a new version of the calendar; what was used stays used."""


class Answer(Step):
    """Record what the customer was answered."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"content"})

    employee_id: Employee = None
    content: Note | None = None


class Communicate(Step):
    """Record that the customer was told the result."""

    channel: Channel


class Confirm(Step):
    """Record that the customer is content with the answer."""


class Consent(Step):
    """Take silence for consent, if it has lasted long enough."""


class Close(Step):
    """End the complaint."""

    resolution: Code | None = None


class Reopen(Step):
    """Take the complaint up again: a new clock begins, the first verdict stands."""

    reason: Code


class EscalateLate(FactCommand):
    """Let somebody above look at what is late."""

    complaint_id: UUID
    level: int
    round: int
    due_at: Instant


class LinkComplaint(FactCommand):
    """Link a complaint to what the customer has complained of before."""

    complaint_id: UUID
    raised_at: Instant
    topic: Code | None = None
    product: Code | None = None


Steering = AssignComplaint | Reclassify | Pause | Resume | Repromise
ComplaintCommand = Raise | Steering | Answer | Communicate | Confirm | Consent | Close | Reopen

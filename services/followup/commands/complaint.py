"""Commands to complaints. Where no employee is named, the caller is meant."""

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
from services.followup.shipped.complaint_policy import SHIPPED


@dataclass(frozen=True, slots=True)
class WorkMoment:
    """The time of a step, with the calendar, tier and policy that work time is counted by.

    Until `at`, work time was counted by the `former` calendar, if there is one.
    """

    at: datetime
    calendar: CalendarPublished
    tier: str | None = None
    former: CalendarPublished | None = None
    policy: ComplaintPolicyPublished = SHIPPED


class ComplaintStep(FactCommand):
    """A step of a complaint. Without a moment, no clock is started or checked."""

    _moment: WorkMoment | None = PrivateAttr(default=None)

    @property
    def moment(self) -> WorkMoment | None:
        return self._moment

    def taken(
        self,
        context: Context,
        calendar: CalendarPublished,
        tier: str | None = None,
        former: CalendarPublished | None = None,
        policy: ComplaintPolicyPublished = SHIPPED,
    ) -> Self:
        """Return the same step with its moment."""
        copied = self.model_copy()
        copied._moment = WorkMoment(self.occurred_at or context.now, calendar, tier, former, policy)  # noqa: SLF001 - a copy of its own
        return copied


class Raise(ComplaintStep):
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


class AssignComplaint(ComplaintStep):
    """Give the complaint to somebody else. Its clock runs on."""

    owner_id: EmployeeId


class PassComplaintOn(AssignComplaint):
    """Give the complaint to the customer's next owner; its state stays."""

    reason: Code


class Reclassify(ComplaintStep):
    """Change the severity. The targets change; the work time that was used stays used."""

    severity: Severity
    reason: Code


class Pause(ComplaintStep):
    """Stop the clock, because somebody else has to act first."""

    reason: Code


class Resume(ComplaintStep):
    """Restart the clock with the work time that is left."""


class Repromise(ComplaintStep):
    """Recalculate the targets under a new version of the calendar; the work time that was used stays used."""


class Answer(ComplaintStep):
    """Record an answer to the customer."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"content"})

    employee_id: Employee = None
    content: Note | None = None


class Communicate(ComplaintStep):
    """Record that the customer was told the result."""

    channel: Channel


class Confirm(ComplaintStep):
    """Record that the customer accepts the answer."""


class Consent(ComplaintStep):
    """Count silence as consent, if it has lasted long enough."""


class Close(ComplaintStep):
    """Close the complaint."""

    resolution: Code | None = None


class Reopen(ComplaintStep):
    """Reopen the complaint: a new clock starts; the verdict of the first closing stays."""

    reason: Code


class EscalateLate(FactCommand):
    """Escalate a complaint that is late."""

    complaint_id: UUID
    level: int
    round: int
    due_at: Instant


class LinkComplaint(FactCommand):
    """Link a complaint to earlier ones of the customer about the same matter."""

    complaint_id: UUID
    raised_at: Instant
    topic: Code | None = None
    product: Code | None = None


Steering = AssignComplaint | Reclassify | Pause | Resume | Repromise
ComplaintCommand = Raise | Steering | Answer | Communicate | Confirm | Consent | Close | Reopen

"""Commands for complaints. An omitted employee means the caller."""

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
    """The time of a step, with the calendar, tier and policy for its work time.

    If there is a `former` calendar, it applies to the work time before `at`.
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

    def with_moment(
        self,
        context: Context,
        calendar: CalendarPublished,
        tier: str | None = None,
        former: CalendarPublished | None = None,
        policy: ComplaintPolicyPublished = SHIPPED,
        not_before: datetime | None = None,
    ) -> Self:
        """Return the same step with its moment, which is not before `not_before`."""
        copied, stated = self.model_copy(), self.occurred_at or context.now
        at = max(stated, not_before or stated)
        copied._moment = WorkMoment(at, calendar, tier, former, policy)  # noqa: SLF001 - a copy of its own
        return copied


class Raise(ComplaintStep):
    """Record a complaint. The receiver is its owner."""

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
    """Record a complaint that the policy assigns to another employee than the receiver."""

    to_owner_id: EmployeeId
    assignment: Assignment
    policy_number: int
    stands_in_for: EmployeeId | None


class AssignComplaint(ComplaintStep):
    """Assign the complaint to another owner. Its clock continues."""

    owner_id: EmployeeId


class PassComplaintOn(AssignComplaint):
    """Assign the complaint to the customer's new owner; its state does not change."""

    reason: Code


class Reclassify(ComplaintStep):
    """Change the severity and the targets. The work time already used still counts."""

    severity: Severity
    reason: Code


class Pause(ComplaintStep):
    """Pause the clock, because another party has to act first."""

    reason: Code


class Resume(ComplaintStep):
    """Resume the clock with the remaining work time."""


class Repromise(ComplaintStep):
    """Recalculate the targets under a new version of the calendar. The work time already used still counts."""


class Answer(ComplaintStep):
    """Record an answer to the customer. An `automated` one, such as a confirmation of receipt, answers nothing."""

    PRIVATE: ClassVar[frozenset[str]] = frozenset({"content"})

    automated: bool = False
    employee_id: Employee = None
    content: Note | None = None


class Communicate(ComplaintStep):
    """Record that the result was communicated to the customer."""

    channel: Channel


class Confirm(ComplaintStep):
    """Record that the customer accepts the answer."""


class Consent(ComplaintStep):
    """Count silence as consent, if it has lasted long enough."""


class Close(ComplaintStep):
    """Close the complaint."""

    resolution: Code | None = None


class Reopen(ComplaintStep):
    """Reopen the complaint. A new clock starts; the verdict of the first closure stays."""

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


ClockCommand = AssignComplaint | Reclassify | Pause | Resume | Repromise
ComplaintCommand = Raise | ClockCommand | Answer | Communicate | Confirm | Consent | Close | Reopen

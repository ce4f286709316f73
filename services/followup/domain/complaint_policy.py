"""The rules of the complaint policy: each publication is a whole new version; the first is the one that ships."""

from collections.abc import Iterable

from chassis.commands.decider import Decider
from contracts import followup as events
from contracts.followup.complaint import Severity
from contracts.followup.complaint_policy import ComplaintAssignment, ComplaintTarget
from services.followup.commands.complaint_policy import PublishComplaintPolicy
from services.followup.complaints.targets import SHIPPED, promised

Event = events.ComplaintPolicyPublished


def decide(latest: Event, command: PublishComplaintPolicy) -> list[Event]:
    """Return the next version: none when the latest says the same."""
    published = events.ComplaintPolicyPublished(
        number=latest.number + 1,
        targets=whole(ComplaintTarget(**dict(each)) for each in command.targets),
        consent_workdays=command.consent_workdays,
        calendar=command.calendar,
        assignments=tuple(ComplaintAssignment(**dict(each)) for each in command.assignments),
    )
    return [] if published == latest.model_copy(update={"number": published.number}) else [published]


def whole(targets: Iterable[ComplaintTarget]) -> tuple[ComplaintTarget, ...]:
    """Return the targets, with the one that ships where a severity has none for any tier."""
    said = tuple(targets)
    general = {target.severity for target in said if target.tier is None}
    return (*said, *(promised(SHIPPED, severity, None) for severity in Severity if severity not in general))


def evolve(_latest: Event, event: Event) -> Event:
    """Apply one fact. A fact is never refused: it has already happened."""
    return event


COMPLAINT_POLICY: Decider[Event] = Decider(initial=SHIPPED, decide=decide, evolve=evolve)

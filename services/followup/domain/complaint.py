"""The rules of a complaint: raised, answered, confirmed by the customer, and only then closed."""

from dataclasses import dataclass, replace
from enum import StrEnum

from chassis.decider import Decider, RejectedError
from contracts import followup as events
from services.followup import commands
from services.followup.domain import named

Event = events.ComplaintRaised | events.ComplaintAnswered | events.ComplaintConfirmed | events.ComplaintClosed


class ComplaintState(StrEnum):
    RAISED = "raised"
    ANSWERED = "answered"
    CONFIRMED = "confirmed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Complaint:
    """Only what a later decision needs; everything else belongs in a read model."""

    owner_id: str
    state: ComplaintState = ComplaintState.RAISED


def decide(complaint: Complaint | None, command: commands.ComplaintCommand) -> list[Event]:
    """Return the events that `command` earns: none when what it asks for already holds."""
    match command:
        case commands.Raise():
            return [] if complaint else [raised(command)]
        case _ if complaint is None:
            raise RejectedError("complaint-unknown", "This complaint has not been raised.", "该投诉尚未登记。")
        case commands.Answer():
            return [answered(complaint.state, command)]
        case commands.Confirm():
            return confirmed(complaint.state)
        case commands.Close(resolution=resolution):
            return closed(complaint.state, resolution)


def raised(command: commands.Raise) -> events.ComplaintRaised:
    return events.ComplaintRaised(
        channel=command.channel,
        severity=command.severity,
        owner_id=named(command.owner_id),
        topic=command.topic,
        content_ref=command.ref("content"),
    )


def answered(state: ComplaintState, command: commands.Answer) -> events.ComplaintAnswered:
    """Each answer is a fact of its own, until the customer has confirmed one."""
    match state:
        case ComplaintState.RAISED | ComplaintState.ANSWERED:
            return events.ComplaintAnswered(employee_id=named(command.employee_id), content_ref=command.ref("content"))
        case ComplaintState.CONFIRMED | ComplaintState.CLOSED:
            raise RejectedError(
                "complaint-settled",
                "The customer has confirmed that this complaint is settled: it takes no further answer.",
                "客户已确认该投诉得到解决，不能再答复。",
            )


def confirmed(state: ComplaintState) -> list[Event]:
    match state:
        case ComplaintState.RAISED:
            raise RejectedError(
                "complaint-unanswered",
                "The customer can confirm only once the complaint has been answered.",
                "投诉答复之后，客户才能确认。",
            )
        case ComplaintState.ANSWERED:
            return [events.ComplaintConfirmed()]
        case ComplaintState.CONFIRMED | ComplaintState.CLOSED:
            return []


def closed(state: ComplaintState, resolution: str | None) -> list[Event]:
    match state:
        case ComplaintState.RAISED | ComplaintState.ANSWERED:
            raise RejectedError(
                "complaint-unconfirmed",
                "A complaint can be closed only once the customer has confirmed the answer.",
                "客户确认答复之后，投诉才能关闭。",
            )
        case ComplaintState.CONFIRMED:
            return [events.ComplaintClosed(resolution=resolution)]
        case ComplaintState.CLOSED:
            return []


def evolve(complaint: Complaint | None, event: Event) -> Complaint | None:
    """Apply one fact. A fact is never refused: it has already happened."""
    match event:
        case events.ComplaintRaised(owner_id=owner_id):
            return Complaint(owner_id)
        case events.ComplaintAnswered():
            return complaint and replace(complaint, state=ComplaintState.ANSWERED)
        case events.ComplaintConfirmed():
            return complaint and replace(complaint, state=ComplaintState.CONFIRMED)
        case events.ComplaintClosed():
            return complaint and replace(complaint, state=ComplaintState.CLOSED)


COMPLAINT: Decider[Complaint | None] = Decider(initial=None, decide=decide, evolve=evolve)

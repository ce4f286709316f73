"""The rules of a complaint: raised, assigned, answered, communicated, confirmed or consented to, and then closed."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chassis.commands.decider import Decider, RejectedError
from contracts import followup as events
from contracts.followup.complaint import ComplaintEvent, Severity
from services.followup import commands
from services.followup.domain import complaint_clock, require_employee
from services.followup.domain.complaint_assignment import policy_assignment
from services.followup.domain.complaint_clock import ComplaintClock
from services.followup.shipped.complaint_policy import SHIPPED

Event = ComplaintEvent


class ComplaintState(StrEnum):
    RAISED = "raised"
    ASSIGNED = "assigned"
    ANSWERED = "answered"
    COMMUNICATED = "communicated"
    CONFIRMED = "confirmed"
    CONSENTED = "consented"
    CLOSED = "closed"
    REOPENED = "reopened"


UNANSWERED = (ComplaintState.RAISED, ComplaintState.ASSIGNED, ComplaintState.REOPENED)
SETTLED = (ComplaintState.CONFIRMED, ComplaintState.CONSENTED, ComplaintState.CLOSED)


@dataclass(frozen=True, slots=True)
class Complaint:
    """Only what a later decision needs; everything else belongs in a read model."""

    owner_id: str
    severity: Severity = Severity.NORMAL
    state: ComplaintState = ComplaintState.RAISED
    clock: ComplaintClock | None = None
    resolved_in_time: bool | None = None
    consent_at: datetime | None = None
    consent_workdays: int = SHIPPED.consent_workdays
    rounds: int = 0


def decide(complaint: Complaint | None, command: commands.ComplaintCommand) -> list[Event]:
    """Return the events that `command` causes: none if it changes nothing."""
    if isinstance(command, commands.Raise):
        return (
            []
            if complaint
            else [raised(command), *clock_started(command.severity, command), *policy_assignment(command)]
        )
    if complaint is None:
        raise RejectedError("complaint-unknown", "There is no such complaint.", "没有该投诉。")
    match command:
        case commands.AssignComplaint():
            return assigned(complaint, command)
        case commands.Reclassify():
            return reclassified(complaint, command)
        case commands.Pause() | commands.Resume():
            return paused_or_resumed(complaint, command)
        case commands.Repromise():
            return recalculated(complaint, command)
        case commands.Reopen():
            return reopened(complaint, command)
        case _:
            return replied(complaint, command)


def replied(
    complaint: Complaint,
    command: commands.Answer | commands.Communicate | commands.Confirm | commands.Consent | commands.Close,
) -> list[Event]:
    """Decide the steps from an answer to the closure."""
    match command:
        case commands.Answer():
            return [answered(complaint, command)]
        case commands.Communicate():
            return communicated(complaint, command)
        case commands.Confirm():
            return confirmed(complaint.state)
        case commands.Consent():
            return consented(complaint, command)
        case commands.Close():
            return closed(complaint, command)


def raised(command: commands.Raise) -> events.ComplaintRaised:
    return events.ComplaintRaised(
        channel=command.channel,
        severity=command.severity,
        owner_id=require_employee(command.owner_id),
        topic=command.topic,
        category=command.category,
        product=command.product,
        intake=command.intake,
        partner=command.partner,
        content_ref=command.vault_ref("content"),
    )


def clock_started(severity: Severity, command: commands.Raise | commands.Reopen) -> list[Event]:
    return [complaint_clock.started(severity, command.moment)] if command.moment else []


def assigned(complaint: Complaint, command: commands.AssignComplaint) -> list[Event]:
    reason = command.reason if isinstance(command, commands.PassComplaintOn) else None
    if complaint.state is ComplaintState.CLOSED:
        raise is_closed()
    if complaint.owner_id == command.owner_id:
        return []
    return [events.ComplaintAssigned(previous_owner_id=complaint.owner_id, owner_id=command.owner_id, reason=reason)]


def reclassified(complaint: Complaint, command: commands.Reclassify) -> list[Event]:
    """The new targets come from the policy version under which the complaint's clock was started."""
    if complaint.state in SETTLED:
        raise settled()
    if complaint.severity is command.severity:
        return []
    changed = events.ComplaintReclassified(
        previous=complaint.severity, severity=command.severity, reason=command.reason
    )
    if complaint.clock is None or command.moment is None:
        return [changed]
    if complaint.clock.paused:
        raise RejectedError(
            "complaint-paused",
            "The clock of this complaint is paused. Resume it, then change the severity.",
            "该投诉已暂停计时，请先恢复计时，再调整严重程度。",
        )
    return [changed, complaint_clock.reclassified(complaint.clock, command.severity, command.moment)]


def paused_or_resumed(complaint: Complaint, command: commands.Pause | commands.Resume) -> list[Event]:
    """Pause or resume the clock. Complaints from before clocks existed have none."""
    clock, moment = complaint.clock, command.moment
    if complaint.state in SETTLED:
        raise settled()
    if clock is None or moment is None:
        raise RejectedError("complaint-unclocked", "This complaint has no clock.", "该投诉没有计时。")
    match command:
        case commands.Pause(reason=reason) if not clock.paused:
            seconds = int(complaint_clock.used(clock, moment).total_seconds())
            return [events.ComplaintPaused(reason=reason, used_seconds=seconds)]
        case commands.Resume() if clock.paused:
            return [events.ComplaintResumed(), complaint_clock.resumed(clock, moment)]
        case _:
            return []


def recalculated(complaint: Complaint, command: commands.Repromise) -> list[Event]:
    if complaint.state in SETTLED or complaint.clock is None or command.moment is None:
        return []
    changed = complaint_clock.recalculated(complaint.clock, command.moment)
    return [changed] if changed else []


def answered(complaint: Complaint, command: commands.Answer) -> events.ComplaintAnswered | events.ComplaintAutoReplied:
    """Each answer adds an event, until the customer has confirmed one."""
    if complaint.state in SETTLED:
        raise settled()
    if command.automated:
        employee_id = require_employee(command.employee_id)
        return events.ComplaintAutoReplied(employee_id=employee_id, content_ref=command.vault_ref("content"))
    verdicts: tuple[bool | None, bool | None] = (None, None)
    if complaint.clock and command.moment:
        verdicts = complaint_clock.in_time(complaint.clock, command.moment)
    return events.ComplaintAnswered(
        employee_id=require_employee(command.employee_id),
        content_ref=command.vault_ref("content"),
        answered_in_time=verdicts[0] if complaint.state in UNANSWERED else None,
        resolved_in_time=verdicts[1],
    )


def communicated(complaint: Complaint, command: commands.Communicate) -> list[Event]:
    if complaint.state in UNANSWERED:
        raise unanswered("The result can be communicated", "才能告知客户处理结果")
    if complaint.state in SETTLED:
        raise settled()
    if complaint.state is ComplaintState.COMMUNICATED or command.moment is None:
        return []
    until = complaint_clock.consent_at(command.moment)
    days = command.moment.policy.consent_workdays
    return [events.ComplaintCommunicated(channel=command.channel, consent_at=until, consent_workdays=days)]


def confirmed(state: ComplaintState) -> list[Event]:
    if state in UNANSWERED:
        raise unanswered("The customer can confirm", "客户才能确认")
    return [] if state in SETTLED else [events.ComplaintConfirmed()]


def consented(complaint: Complaint, command: commands.Consent) -> list[Event]:
    """Silence counts from the communication of the result. Any later step ends the period for silent consent."""
    until, moment = complaint.consent_at, command.moment
    if complaint.state is not ComplaintState.COMMUNICATED or until is None or moment is None or moment.at < until:
        return []
    return [events.ComplaintConsented(workdays=complaint.consent_workdays, as_of=until)]


def closed(complaint: Complaint, command: commands.Close) -> list[Event]:
    match complaint.state:
        case ComplaintState.CONFIRMED | ComplaintState.CONSENTED:
            return [events.ComplaintClosed(resolution=command.resolution, resolved_in_time=complaint.resolved_in_time)]
        case ComplaintState.CLOSED:
            return []
        case _:
            days = (command.moment.policy if command.moment else SHIPPED).consent_workdays
            raise RejectedError(
                "complaint-unconfirmed",
                "A complaint can be closed only after the customer has confirmed the answer, or has not objected "
                f"within {days} workdays after the result was communicated.",
                f"客户确认答复之后，或被告知结果后 {days} 个工作日内未提出异议，投诉才能关闭。",
            )


def reopened(complaint: Complaint, command: commands.Reopen) -> list[Event]:
    if complaint.state is ComplaintState.REOPENED:
        return []
    if complaint.state not in SETTLED:
        raise RejectedError(
            "complaint-open",
            "This complaint is still open. It can be answered, but not reopened.",
            "该投诉尚未了结，可以继续答复，不能重新打开。",
        )
    again = events.ComplaintReopened(reason=command.reason, owner_id=complaint.owner_id)
    return [again, *clock_started(complaint.severity, command)]


def settled() -> RejectedError:
    return RejectedError(
        "complaint-settled",
        "The customer has confirmed the answer or consented by silence. The complaint can only be closed or reopened.",
        "该投诉已了结（客户已确认或默认同意），只能关闭或重新打开。",
    )


def is_closed() -> RejectedError:
    return RejectedError(
        "complaint-closed", "This complaint is closed. It can only be reopened.", "该投诉已关闭，只能重新打开。"
    )


def unanswered(what: str, what_zh: str) -> RejectedError:
    return RejectedError(
        "complaint-unanswered", f"{what} only after the complaint has been answered.", f"投诉答复之后，{what_zh}。"
    )


def evolve(complaint: Complaint | None, event: Event) -> Complaint | None:
    """Apply one event. An event is never refused: it has already happened."""
    if isinstance(event, events.ComplaintRaised):
        return Complaint(event.owner_id, event.severity)
    return complaint and after(complaint, event)


def after(complaint: Complaint, event: Event) -> Complaint:
    match event:
        case events.ComplaintAssigned(owner_id=owner_id, reason=reason):
            return replace(complaint, owner_id=owner_id, state=state_assigned(complaint.state, reason))
        case events.ComplaintAnswered(resolved_in_time=in_time):
            return replace(complaint, state=ComplaintState.ANSWERED, resolved_in_time=in_time, consent_at=None)
        case events.ComplaintCommunicated(consent_at=consent_at, consent_workdays=days):
            return replace(complaint, state=ComplaintState.COMMUNICATED, consent_at=consent_at, consent_workdays=days)
        case events.ComplaintReclassified(severity=severity):
            return replace(complaint, severity=severity)
        case events.ComplaintReopened():
            rounds = complaint.rounds + 1
            return replace(complaint, state=ComplaintState.REOPENED, clock=None, resolved_in_time=None, rounds=rounds)
        case events.ComplaintConfirmed():
            return replace(complaint, state=ComplaintState.CONFIRMED)
        case events.ComplaintConsented():
            return replace(complaint, state=ComplaintState.CONSENTED)
        case events.ComplaintClosed():
            return replace(complaint, state=ComplaintState.CLOSED)
        case _:
            return replace(complaint, clock=clock_after(complaint.clock, event))


def state_assigned(state: ComplaintState, reason: str | None) -> ComplaintState:
    """Return the state after an assignment. It changes only if the complaint is unanswered and was not handed over."""
    return ComplaintState.ASSIGNED if state in UNANSWERED and reason is None else state


def clock_after(clock: ComplaintClock | None, event: Event) -> ComplaintClock | None:
    match event:
        case events.ComplaintTargetSet() | events.ComplaintTargetChanged():
            return ComplaintClock(event)
        case events.ComplaintPaused(used_seconds=seconds):
            return clock and complaint_clock.paused(clock, seconds)
        case _:
            return clock


COMPLAINT: Decider[Complaint | None] = Decider(initial=None, decide=decide, evolve=evolve)

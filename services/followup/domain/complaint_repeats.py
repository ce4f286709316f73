"""The rules of repeated complaints: a repeat is linked to the first complaint and escalated once."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from chassis.commands.decider import Decider
from contracts import followup as events
from contracts.followup.complaint import EscalationReason, RepeatEvent
from services.followup.commands.complaint import EscalateLate, LinkComplaint

Event = RepeatEvent

REPEAT_DAYS = 30
ESCALATES_AT = 3
# Older complaints are dropped: with more than this within the window, an escalation has long happened.
MAX_KNOWN = 100


# A complaint, how often it had been reopened, and the level.
LateLevel = tuple[UUID, int, int]


@dataclass(frozen=True, slots=True)
class Repeats:
    """The latest complaints of one customer with a topic or a product, and which have been escalated."""

    known: tuple[events.ComplaintLinked, ...] = ()
    escalated: frozenset[UUID] = frozenset()
    late: tuple[LateLevel, ...] = ()


def decide(repeats: Repeats, command: LinkComplaint | EscalateLate) -> list[Event]:
    """Return the events that `command` causes: none if it changes nothing."""
    match command:
        case LinkComplaint():
            return linked_and_escalated(repeats, command)
        case EscalateLate(complaint_id=complaint_id, round=number, level=level):
            return [] if (complaint_id, number, level) in repeats.late else [late(repeats, command)]


def late(repeats: Repeats, command: EscalateLate) -> events.ComplaintEscalated:
    known = {each.complaint_id: each.first_id for each in repeats.known}
    return events.ComplaintEscalated(
        first_id=known.get(command.complaint_id, command.complaint_id),
        because=EscalationReason.LATE,
        **command.model_dump(exclude={"occurred_at"}),
    )


def linked_and_escalated(repeats: Repeats, command: LinkComplaint) -> list[Event]:
    """Return the link and, if it is due, the escalation; none if the complaint is already linked."""
    if any(each.complaint_id == command.complaint_id for each in repeats.known):
        return []
    before = [each for each in repeats.known if is_repeat(each, command)]
    first_id = before[0].first_id if before else command.complaint_id
    linked = events.ComplaintLinked(
        complaint_id=command.complaint_id,
        first_id=first_id,
        number=len(before) + 1,
        within_days=REPEAT_DAYS,
        raised_at=command.raised_at,
        topic=command.topic,
        product=command.product,
    )
    chains = {each.first_id for each in before}
    if linked.number < ESCALATES_AT or chains & repeats.escalated:
        return [linked]
    escalated = events.ComplaintEscalated(
        complaint_id=command.complaint_id, first_id=first_id, level=1, because=EscalationReason.REPEAT
    )
    return [linked, escalated]


def is_repeat(known: events.ComplaintLinked, command: LinkComplaint) -> bool:
    return is_within_window(known.raised_at, command.raised_at) and (
        (command.topic is not None and known.topic == command.topic)
        or (command.product is not None and known.product == command.product)
    )


def is_within_window(one: datetime, other: datetime) -> bool:
    return abs(one - other) <= timedelta(days=REPEAT_DAYS)


def evolve(repeats: Repeats, event: Event) -> Repeats:
    """Apply one event. An event is never refused: it has already happened."""
    match event:
        case events.ComplaintLinked():
            return replace(repeats, known=(*repeats.known, event)[-MAX_KNOWN:])
        case events.ComplaintEscalated(because=EscalationReason.LATE):
            late_level = (event.complaint_id, event.round, event.level)
            return replace(repeats, late=(*repeats.late, late_level)[-MAX_KNOWN:])
        case events.ComplaintEscalated(first_id=first_id):
            return replace(repeats, escalated=repeats.escalated | {first_id})


REPEATS: Decider[Repeats] = Decider(initial=Repeats(), decide=decide, evolve=evolve)

"""The rules of the guards. Pure: the same contacts, customer and instant give the same findings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from contracts.customer import Mode, Stage, mode_of
from contracts.followup import Direction, Guard, Purpose, Sentiment
from contracts.followup.guard import MAX_CONTACTS
from services.followup.domain.customer_ref import CustomerRef

CARING = frozenset({Purpose.CARE, Purpose.GREETING})
WITHOUT_INTENT = frozenset({Stage.NEW, Stage.LOST})


@dataclass(frozen=True, slots=True)
class Threshold:
    """The number of contacts within a number of days."""

    at_least: int
    within_days: int


THRESHOLDS: Mapping[Guard, Threshold] = MappingProxyType(
    {
        Guard.CARE_BEFORE_DEAL: Threshold(3, 14),
        Guard.GREETINGS_ONLY: Threshold(3, 90),
        Guard.NO_INTENT: Threshold(5, 30),
        Guard.TWO_COLLEAGUES: Threshold(2, 7),
    }
)
WINDOWS = tuple(timedelta(days=each.within_days) for each in THRESHOLDS.values())
LONGEST = max(WINDOWS)


@dataclass(frozen=True, slots=True)
class Touch:
    """One contact, with the fields that the guards need."""

    contact_id: UUID
    at: datetime
    employee_id: str
    direction: Direction
    automated: bool
    purpose: str | None
    sentiment: Sentiment | None

    @property
    def is_ours(self) -> bool:
        return self.direction is Direction.OUTBOUND

    @property
    def is_by_hand(self) -> bool:
        return self.is_ours and not self.automated


Touches = Sequence[Touch]
GuardRule = Callable[[Touches, CustomerRef], Touches]


def findings(touches: Touches, customer: CustomerRef, now: datetime) -> dict[Guard, Touches]:
    """Return the guards that trip, each with the latest contacts that made it trip, in order."""
    found: dict[Guard, Touches] = {}
    for guard, threshold in THRESHOLDS.items():
        within = timedelta(days=threshold.within_days)
        recent = [touch for touch in touches if touch.at > now - within]
        seen = RULES[guard](recent, customer)
        if len(seen) >= threshold.at_least:
            found[guard] = seen[-MAX_CONTACTS:]
    return found


def care_before_the_deal(recent: Touches, customer: CustomerRef) -> Touches:
    if mode(customer) is not Mode.FOLLOW_UP:
        return []
    return [touch for touch in recent if touch.is_ours and touch.purpose in CARING]


def greetings_only(recent: Touches, customer: CustomerRef) -> Touches:
    """A contact without a purpose does not count as a greeting."""
    only = all(touch.purpose == Purpose.GREETING for touch in recent)
    return recent if only and mode(customer) is Mode.MAINTENANCE else []


def no_intent(recent: Touches, customer: CustomerRef) -> Touches:
    """Count attempts since the customer last made contact, or reacted positively."""
    if Stage(customer.stage) not in WITHOUT_INTENT:
        return []
    signs = [index for index, touch in enumerate(recent, 1) if is_sign_of_intent(touch)]
    return [touch for touch in recent[max(signs, default=0) :] if touch.is_by_hand]


def is_sign_of_intent(touch: Touch) -> bool:
    return touch.direction is Direction.INBOUND or touch.sentiment is Sentiment.POSITIVE


def two_colleagues(recent: Touches, customer: CustomerRef) -> Touches:
    """Owner, helpers and leader may contact a customer together. Anyone else may only be the sole contact."""
    tried = [touch for touch in recent if touch.is_by_hand]
    employees = {touch.employee_id for touch in tried}
    outsiders = {each for each in employees if not customer.holders.include(each)}
    return tried if outsiders and len(employees) > 1 else []


RULES: Mapping[Guard, GuardRule] = MappingProxyType(
    {
        Guard.CARE_BEFORE_DEAL: care_before_the_deal,
        Guard.GREETINGS_ONLY: greetings_only,
        Guard.NO_INTENT: no_intent,
        Guard.TWO_COLLEAGUES: two_colleagues,
    }
)


def mode(customer: CustomerRef) -> Mode | None:
    return mode_of(Stage(customer.stage))


def look_again_at(touches: Touches, now: datetime) -> datetime | None:
    """Return when the next contact becomes too old for a guard: until then, time alone changes no finding."""
    leaving = (touch.at + window for touch in touches for window in WINDOWS)
    return min((at for at in leaving if at > now), default=None)

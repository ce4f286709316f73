"""Random histories of two to four customers with all kinds of facts: also guards, failed calls, merges, other rules."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, TypeAlias
from uuid import UUID

from contracts.alerts import Backlog
from contracts.customer import Merged, Mode, Stage, Unmerged
from contracts.event import Event
from contracts.followup import Channel, ContactLogged, Direction, Guard, GuardCleared, GuardTripped
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.shapes import Count, Owed, Silence
from services.alerts.shipped.rules import (
    GREETINGS_ONLY,
    INACTIVITY,
    MISSED_FOLLOW_UP,
    MORE_COMPLAINTS,
    TWO_COLLEAGUES,
    UNANSWERED_COMPLAINT,
    by_tier,
)
from tests.silence.delivery import AnyStep, Delivered, Looked, Marked, Published, deliveries
from tests.silence.histories import (
    CUSTOMER,
    DAYS,
    FEEDS,
    FOLLOWUP,
    START,
    Facts,
    Life,
    changes,
    complaint,
    contacts,
    register,
    stored,
    task,
)

OFTEN: Final = MORE_COMPLAINTS.model_copy(update={"condition": Count(signal="complaint", times=2, days=30)})
SIX_RULES: Final = RuleBook(
    rules=(INACTIVITY, MISSED_FOLLOW_UP, UNANSWERED_COMPLAINT, OFTEN, TWO_COLLEAGUES, GREETINGS_ONLY)
)
# Other conditions that may be published, by the id of their rule.
Conditions: TypeAlias = Mapping[str, Sequence[Any]]
OTHERWISE: Final[Conditions] = {
    "inactivity": [
        Silence(signals=("human-contact",), days={Mode.FOLLOW_UP: by_tier(*short), Mode.MAINTENANCE: by_tier(*long)})
        for short, long in (((3, 7, 20), (14, 30, 60)), ((12, 30, 60), (45, 90, 130)))
    ],
    "missed-follow-up": [Owed(item="task", grace_minutes=90), Owed(item="task", grace_minutes=60 * 24 * 4)],
    "more-complaints": [
        Count(signal="complaint", times=2, days=10),
        Count(signal="complaint", times=3, days=30),
        Count(signal="complaint", times=2, days=60),
    ],
}


def make_up_all(random: Random, start: datetime = START, *, has_both: bool = False) -> Facts:
    """Return the records of both feeds. The first customer may represent the others for a while.

    Half of the histories have guards, the others have merges, or each of them has both.
    """
    has_guards = random.random() < 0.5
    lives = [Life(random, start, UUID(int=random.getrandbits(128), version=4)) for _ in range(random.randint(2, 4))]
    for life in lives:
        live_fully(life)
        for _ in range(random.randint(0, 2) if has_guards or has_both else 0):
            guard(life)
    for life in lives[1:] if has_both or not has_guards else ():
        merges(life, lives[0].customer_id)
    return {feed: stored([fact for life in lives for fact in life.facts[feed]]) for feed in FEEDS}


def live_fully(life: Life) -> None:
    random = life.random
    begins = life.start + timedelta(days=random.uniform(0, DAYS / 3))
    register(life, begins)
    times = [(max(at, begins), max(recorded, begins)) for at, recorded in life.in_order(random.randint(0, 7))]
    changes(life, times)
    for part, most in ((contacts, 1), (task, 3), (complaint, 3), (failed_call, 3)):
        for _ in range(random.randint(0, most)):
            part(life)


def failed_call(life: Life) -> None:
    """Generate a call that reached nobody."""
    event = ContactLogged(
        channel=Channel.PHONE, direction=Direction.OUTBOUND, employee_id="wang", automated=False, outcome="no-answer"
    )
    happened = life.some_time()
    life.tell(FOLLOWUP, life.id(), event, happened, life.noted(happened))


def guard(life: Life) -> None:
    """Generate a guard that is triggered, and maybe cleared and triggered again. Each guard is told of once a life."""
    name = life.random.choice((Guard.TWO_COLLEAGUES, Guard.GREETINGS_ONLY))
    if any(isinstance(fact.event, GuardTripped) and fact.event.guard is name for fact in life.facts[FOLLOWUP]):
        return
    happened = recorded = life.some_time()
    for number in range(life.random.randint(1, 4)):
        event: Event = tripped(name, happened) if number % 2 == 0 else GuardCleared(guard=name, number=1)
        recorded = life.noted(happened, not_before=recorded)
        life.tell(FOLLOWUP, life.customer_id, event, happened, recorded)
        happened += timedelta(days=life.random.choice((0, 0.1, 3, 10)))


def tripped(name: Guard, at: datetime) -> GuardTripped:
    known: dict[str, Any] = {"contact_ids": (), "employee_ids": (), "at_least": 2, "within_days": 7}
    return GuardTripped(guard=name, number=1, stage=Stage.NEW, since=at, **known)


def merges(life: Life, into: UUID) -> None:
    """Generate merges into another customer, each but the last undone."""
    begun = min(fact.recorded_at for fact in life.facts[CUSTOMER])
    times = sorted(max(life.some_time(), begun) for _ in range(life.random.choice((0, 1, 1, 2, 3, 4))))
    for number, at in enumerate(times):
        event = Unmerged(from_customer_id=into) if number % 2 else Merged(into_customer_id=into)
        life.tell(CUSTOMER, life.customer_id, event, at, at)


def all_deliveries(
    random: Random, facts: Facts, book: RuleBook = SIX_RULES, otherwise: Conditions = OTHERWISE
) -> list[AnyStep]:
    """Return the steps of one delivery, with up to two changes of the rules."""
    steps: list[AnyStep] = list(deliveries(random, facts))
    places = sorted(random.sample(range(1, len(steps)), random.choice((0, 1, 2))))
    books = list(published(random, [time_of(steps, place) for place in places], book, otherwise))
    for place, step in reversed(list(zip(places, books, strict=True))):
        steps.insert(place, step)
    return steps


def time_of(steps: list[AnyStep], place: int) -> datetime:
    """Return the time of the last step before a place that has one."""
    return next((each.now for each in reversed(steps[:place]) if isinstance(each, Delivered | Marked | Looked)), START)


def published(random: Random, times: list[datetime], book: RuleBook, otherwise: Conditions) -> Iterator[Published]:
    for at in times:
        event = Occurrence(at, UUID(int=random.getrandbits(128), version=4))
        if random.random() < 0.4:
            book = without(book, random.choice(book.rules), event)
        else:
            book = other(random, book, event, otherwise)
        yield Published(at, book)


def without(book: RuleBook, rule: Rule, retired: Occurrence) -> RuleBook:
    rules = tuple(each for each in book.rules if each.id != rule.id)
    return RuleBook(rules=rules, retired={**book.retired, rule.id: retired})


def other(random: Random, book: RuleBook, event: Occurrence, otherwise: Conditions) -> RuleBook:
    """Return the book with another version of one rule."""
    rule = random.choice([each for each in book.rules if each.id in otherwise])
    condition = random.choice(otherwise[rule.id])
    changed = {"version": rule.version + 1, "condition": condition, "published": event}
    after = rule.model_copy(update={**changed, "backlog": random.choice(list(Backlog))})
    return RuleBook(
        rules=tuple(after if each.id == rule.id else each for each in book.rules), retired=dict(book.retired)
    )

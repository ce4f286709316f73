"""Random histories of alerts that climb their ladders over nights, holidays, make-up workdays and failures."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.alerts import AlertSeverity, QuietDays, QuietWindow, Whom
from tests.silence.ladder_happenings import (
    AbsenceCancelled,
    Acknowledged,
    Assigned,
    Away,
    CalendarVersion,
    Carried,
    Cleared,
    Happening,
    Held,
    LadderVersion,
    Left,
    Looked,
    Muted,
    QuietVersion,
    Raised,
    Readdressed,
    Restarted,
    Returned,
    Snoozed,
    Unmuted,
    Unsnoozed,
)

START = datetime(2025, 9, 22, tzinfo=ZoneInfo("Asia/Shanghai"))
DAYS = 14
OFFICE, NIGHT_DESK = "china-office", "night-desk"
OFFICE_HOURS = ((540, 720), (810, 1080))
HOLIDAYS = frozenset(date(2025, 10, day) for day in range(1, 5))
FIRST = {
    OFFICE: CalendarVersion(START, OFFICE, OFFICE_HOURS, (), HOLIDAYS, frozenset({date(2025, 9, 28)})),
    NIGHT_DESK: CalendarVersion(START, NIGHT_DESK, ((1200, 1380),), ((0, 240), (1200, 1440)), HOLIDAYS, frozenset()),
}
STAFF = ("E1", "E2", "E3", "E4", "E5")
RULES = ("inactivity", "missed-follow-up")
EDGES = (0, 539, 540, 600, 720, 780, 810, 1080, 1200, 1380)
HOURS = (0.2, 1, 3, 17, 40, 100)


@dataclass
class History:
    """Collects what happens, in any order."""

    random: Random
    happened: list[Happening] = field(default_factory=list)

    def id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def instant(self, since: datetime = START) -> datetime:
        """Return an instant after another one: near it, at the edge of a working interval, or any."""
        random = self.random
        if random.random() < 0.4:
            return since + timedelta(hours=random.choice(HOURS) * random.random(), seconds=1)
        day = START + timedelta(days=random.randrange(DAYS))
        seconds = random.choice(EDGES) * 60 if random.random() < 0.4 else random.randrange(86_400)
        return max(day + timedelta(seconds=seconds), since + timedelta(seconds=1))

    def add(self, *happenings: Happening) -> None:
        self.happened += happenings


def make_up_ladders(random: Random, step_minutes: tuple[int, ...] = (10, 15, 30)) -> list[Happening]:
    """Return a history in the order of time, with the looks of the timer."""
    history = History(random)
    customers = [history.id() for _ in range(random.randint(1, 3))]
    history.add(*FIRST.values(), *(ladder(history, severity, START) for severity in AlertSeverity))
    history.add(*(held(history, each, START) for each in customers))
    for _ in range(random.randint(2, 5)):
        alert(history, customers)
    for part, most in ((calendar, 4), (mute, 2), (absence, 3), (leaver, 1), (other_ladder, 2), (quiet, 1)):
        for _ in range(random.randint(0, most)):
            part(history, customers)
    history.add(held(history, random.choice(customers), history.instant()))
    history.add(*looks(random, random.choice(step_minutes)))
    return in_order(history.happened)


def in_order(happened: list[Happening]) -> list[Happening]:
    """Sort by time. A calendar has an instant of its own: whether it counts for an alert raised then is left open."""
    taken = {each.at for each in happened if not isinstance(each, CalendarVersion)}
    moved = []
    for each in happened:
        while isinstance(each, CalendarVersion) and each.at != START and each.at in taken:
            each = replace(each, at=each.at + timedelta(seconds=1))  # noqa: PLW2901 - the same, later
        moved.append(each)
    return sorted(moved, key=lambda each: each.at)


def ladder(history: History, severity: AlertSeverity, at: datetime) -> LadderVersion:
    random, minutes = history.random, 0
    rungs = []
    for number in range(random.randint(1, 4)):
        minutes += random.choice((0, 0, 30)) if number == 0 else random.choice((30, 60, 180, 270, 450, 900))
        rungs.append((minutes, random.choice(tuple(Whom)) if number else random.choice((Whom.OWNER, Whom.LEADER))))
    return LadderVersion(at, severity, random.choice((OFFICE, OFFICE, NIGHT_DESK)), tuple(rungs))


def other_ladder(history: History, _customers: list[UUID]) -> None:
    version = ladder(history, history.random.choice(tuple(AlertSeverity)), history.instant())
    later = version.at + timedelta(days=history.random.randint(1, 3))
    history.add(replace(version, effective_from=history.random.choice((None, None, later))))


def held(history: History, customer_id: UUID, at: datetime) -> Held:
    return Held(at, customer_id, history.random.choice(STAFF), history.random.choice((*STAFF, None)))


def alert(history: History, customers: list[UUID]) -> None:
    """Generate an alert with what people do; it may be raised again after its end."""
    random, alert_id = history.random, history.id()
    severity, rule_id = random.choice(tuple(AlertSeverity)), random.choice(RULES)
    customer_id, at = random.choice(customers), history.instant()
    for _ in range(random.choice((1, 1, 1, 2))):
        history.add(Raised(at, alert_id, customer_id, rule_id, severity, random.choice((*STAFF, None))))
        for _ in range(random.choice((0, 1, 2, 4, 6))):
            customer_id, at = handled(history, alert_id, customer_id, customers, at)
        at = history.instant(at)
        if random.random() < 0.4:
            return
        history.add(Cleared(at, alert_id))
        if random.random() < 0.3:
            handled(history, alert_id, customer_id, customers, at)
            return
        at = history.instant(at)


def handled(
    history: History, alert_id: UUID, customer_id: UUID, customers: list[UUID], since: datetime
) -> tuple[UUID, datetime]:
    """Generate one step. Return the customer and the time of it."""
    random, at = history.random, history.instant(since)
    match random.choice(("snooze", "snooze", "snooze", "unsnooze", "assign", "readdress", "carry", "acknowledge")):
        case "snooze":
            until = random.choice((history.instant(at), at - timedelta(hours=1), at + timedelta(days=181), at))
            history.add(Snoozed(at, alert_id, until if random.random() < 0.3 else history.instant(at)))
        case "unsnooze":
            history.add(Unsnoozed(at, alert_id))
        case "assign":
            history.add(Assigned(at, alert_id, random.choice(STAFF)))
        case "readdress":
            history.add(Readdressed(at, alert_id, random.choice((*STAFF, None))))
        case "carry" if len(customers) > 1:
            customer_id = random.choice([each for each in customers if each != customer_id])
            history.add(Carried(at, alert_id, customer_id))
        case "acknowledge" if random.random() < 0.4:
            history.add(Acknowledged(at, alert_id))
    return customer_id, at


def calendar(history: History, _customers: list[UUID]) -> None:
    """Generate a version with a closure, a make-up workday or other hours; it may be taken back, often soon."""
    random, at = history.random, history.instant()
    first = version = FIRST[random.choice((OFFICE, OFFICE, NIGHT_DESK))]
    day = (at if random.random() < 0.6 else START + timedelta(days=random.randrange(DAYS))).date()
    if random.random() < 0.6:
        version = replace(version, days_off=version.days_off | {day})
    else:
        version = replace(version, made_up=version.made_up | {day})
    if random.random() < 0.3:
        version = replace(version, weekday=((600, 1140),))
    later = at + timedelta(days=random.randint(1, 3))
    history.add(replace(version, at=at, effective_from=random.choice((None, None, None, later))))
    if random.random() < 0.7:
        history.add(replace(first, at=history.instant(at)))


def mute(history: History, customers: list[UUID]) -> None:
    random, at = history.random, history.instant()
    key = (random.choice(customers), random.choice(RULES))
    history.add(Muted(at, *key, random.choice((None, history.instant(at), at))))
    if random.random() < 0.6:
        history.add(Unmuted(history.instant(at), *key))


def absence(history: History, _customers: list[UUID]) -> None:
    """Generate an absence. Absences of one employee do not overlap."""
    random, at = history.random, history.instant()
    employee_id, absence_id = random.choice(STAFF), history.id()
    if any(isinstance(each, Away) and each.employee_id == employee_id for each in history.happened):
        return
    first = (at + timedelta(days=random.randint(-1, 2))).date()
    stand_in = random.choice([None, *(each for each in STAFF if each != employee_id)])
    history.add(Away(at, absence_id, employee_id, first, first + timedelta(days=random.randint(0, 5)), stand_in))
    if random.random() < 0.3:
        history.add(AbsenceCancelled(history.instant(at), absence_id, employee_id))


def leaver(history: History, _customers: list[UUID]) -> None:
    at, employee_id = history.instant(), history.random.choice(STAFF)
    history.add(Left(at, employee_id))
    if history.random.random() < 0.5:
        history.add(Returned(history.instant(at), employee_id))


def quiet(history: History, _customers: list[UUID]) -> None:
    random = history.random
    windows = tuple(
        QuietWindow(start=start, end=end, days=random.choice(tuple(QuietDays)))
        for start, end in random.sample(((540, 600), (1260, 570), (0, 1440), (690, 840), (1000, 1440)), 2)
    )
    ignored_by = tuple(random.sample(tuple(AlertSeverity), random.randint(0, 1)))
    history.add(QuietVersion(history.instant(), windows, ignored_by))


def looks(random: Random, step_minutes: int) -> Iterator[Looked | Restarted]:
    """Yield the looks of the timer, some of them twice, none while the service is down."""
    begun = [START + timedelta(minutes=random.randrange(DAYS * 1440)) for _ in range(random.randint(0, 3))]
    down = [(each, each + timedelta(hours=random.choice((1, 4, 15, 40)))) for each in begun]
    at = START + timedelta(seconds=random.choice((0, 0, 17)))
    while at < START + timedelta(days=DAYS):
        if not any(since <= at < until for since, until in down):
            yield Looked(at)
            if random.random() < 0.05:
                yield random.choice((Looked(at), Restarted(at)))
        at += timedelta(minutes=step_minutes)

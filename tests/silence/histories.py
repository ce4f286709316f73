"""Random lives of a few customers, as two services record them: much of it late, some of it from files."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from contracts.customer import Kind, OwnerAssigned, ProfileChanged, Registered, Stage, StageChanged, TierChanged
from contracts.event import Envelope, Event, Metadata, Origin
from contracts.followup import (
    Channel,
    ComplaintAnswered,
    ComplaintClosed,
    ComplaintConfirmed,
    ComplaintPaused,
    ComplaintRaised,
    ComplaintReclassified,
    ComplaintReopened,
    ComplaintResumed,
    ComplaintTargetChanged,
    ComplaintTargetSet,
    ContactLogged,
    Direction,
    Severity,
    TaskCancelled,
    TaskCompleted,
    TaskRescheduled,
    TaskScheduled,
)
from contracts.topics import CUSTOMER_EVENTS, FOLLOWUP_EVENTS

START = datetime(2026, 1, 1, tzinfo=UTC)
CUSTOMER, FOLLOWUP = FEEDS = (CUSTOMER_EVENTS.name, FOLLOWUP_EVENTS.name)
DAYS = 120
TIERS = ("vip", "vip", "growth", "ordinary")
NEXT_STAGES = {
    Stage.NEW: (Stage.INTERESTED, Stage.SIGNED, Stage.LOST),
    Stage.INTERESTED: (Stage.SIGNED, Stage.LOST),
    Stage.SIGNED: (Stage.ESTABLISHED, Stage.LOST),
    Stage.ESTABLISHED: (Stage.LOST,),
    Stage.LOST: (Stage.INTERESTED,),
}
# What the rules measure in days: lives that keep close to it are the ones in which a mistake shows.
CRITICAL_DAYS = (0.5, 1, 7, 14, 30)
PROMISE: dict[str, Any] = {
    "severity": Severity.NORMAL,
    "calendar": "china-office",
    "calendar_number": 1,
    "answer_minutes": 240,
    "resolve_minutes": 2_250,
    "started_at": START,
    "answer_by": START,
    "resolve_by": START + timedelta(days=9),
}

Facts = dict[str, list[Envelope[Any]]]


@dataclass
class Life:
    """One customer's history while it is generated."""

    random: Random
    start: datetime
    customer_id: UUID
    facts: Facts = field(default_factory=lambda: {feed: [] for feed in FEEDS})

    def tell(
        self, feed: str, stream: UUID, event: Event, happened: datetime, recorded: datetime, *, from_file: bool = False
    ) -> None:
        origin = Origin(batch_id=self.customer_id, row=2) if from_file else None
        metadata = Metadata(actor="tests", correlation_id="tests", origin=origin)
        fact = Envelope(self.id(), self.customer_id, stream, 1, 0, happened, recorded, metadata, event)
        self.facts[feed].append(fact)

    def id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def some_time(self) -> datetime:
        """Return a time in the history; often a full hour, so that times coincide."""
        hours = self.random.uniform(0, DAYS * 24)
        return self.start + timedelta(hours=round(hours) if self.random.random() < 0.5 else hours)

    def soon_after(self, time: datetime) -> datetime:
        days = self.random.choice(CRITICAL_DAYS) * self.random.choice((0.3, 0.99, 1, 1.01, 1.5))
        return time + timedelta(days=days)

    def noted(self, happened: datetime, *, not_before: datetime | None = None) -> datetime:
        """Return the recording time: mostly at once, sometimes days late."""
        late = self.random.choice((0, 0, 0, 0.01, 0.1, 2, 9, 25))
        return max(happened + timedelta(days=late), not_before or happened)

    def in_order(self, count: int) -> list[tuple[datetime, datetime]]:
        """Return pairs of occurrence and recording time, in recording order."""
        happened = sorted(self.some_time() for _ in range(count))
        recorded = sorted(self.noted(time) for time in happened)
        return [(min(pair), pair[1]) for pair in zip(happened, recorded, strict=True)]


def make_up(random: Random, start: datetime = START) -> Facts:
    """Return the records of both feeds, each in the order and with the positions of its store."""
    lives = [Life(random, start, UUID(int=random.getrandbits(128), version=4)) for _ in range(random.choice((1, 1, 3)))]
    for life in lives:
        live(life)
    return {feed: stored([fact for life in lives for fact in life.facts[feed]]) for feed in FEEDS}


def stored(facts: list[Envelope[Any]]) -> list[Envelope[Any]]:
    facts.sort(key=lambda fact: fact.recorded_at)
    return [replace(fact, position=number) for number, fact in enumerate(facts, 1)]


def live(life: Life) -> None:
    begins = life.start + timedelta(days=life.random.uniform(0, DAYS / 3))
    register(life, begins)
    times = [
        (max(happened, begins), max(recorded, begins))
        for happened, recorded in life.in_order(life.random.randint(0, 7))
    ]
    changes(life, times)
    for part, most in ((contacts, 1), (task, 4), (complaint, 2)):
        for _ in range(life.random.randint(1 if part is contacts else 0, most)):
            part(life)


def register(life: Life, at: datetime) -> None:
    random = life.random
    from_file = random.random() < 0.3
    happened = at - timedelta(days=random.choice((0, 0, 3)))
    life.tell(
        CUSTOMER, life.customer_id, Registered(kind=Kind.COMPANY, name="上海腾云"), happened, at, from_file=from_file
    )
    if random.random() < 0.8:
        event = TierChanged(scheme="default", tier=random.choice(TIERS))
        life.tell(CUSTOMER, life.customer_id, event, at, at, from_file=from_file)
    if from_file and random.random() < 0.7:
        contacted = ProfileChanged(last_contacted_at=at - timedelta(days=random.uniform(0, 60)))
        life.tell(CUSTOMER, life.customer_id, contacted, at, at, from_file=True)


def changes(life: Life, times: list[tuple[datetime, datetime]]) -> None:
    """Generate changes of the customer: tiers, stages, owners, a corrected profile."""
    stage = Stage.NEW
    for happened, recorded in times:
        match life.random.choice(("tier", "tier", "stage", "stage", "owner", "profile", "other-scheme")):
            case "tier":
                event: Event = TierChanged(scheme="default", tier=life.random.choice(TIERS))
            case "other-scheme":
                event = TierChanged(scheme="abc", tier="a")
            case "stage":
                next_stage = life.random.choice(NEXT_STAGES[stage])
                event = StageChanged(previous=stage, stage=next_stage)
                stage = next_stage
            case "owner":
                event = OwnerAssigned(owner_id=life.random.choice(("wang", "li")))
            case _:
                told = happened - timedelta(days=life.random.uniform(0, 40)) if life.random.random() < 0.6 else None
                event = ProfileChanged(industry="软件", last_contacted_at=told)
        life.tell(CUSTOMER, life.customer_id, event, happened, recorded)


def contacts(life: Life) -> None:
    """Generate contacts, some automated, some recorded late or imported."""
    time = life.some_time() - timedelta(days=life.random.choice((0, 0, 30)))
    for _ in range(life.random.randint(0, 7)):
        event = ContactLogged(
            channel=Channel.PHONE,
            direction=life.random.choice(list(Direction)),
            employee_id="wang",
            automated=life.random.random() < 0.25,
        )
        from_file = life.random.random() < 0.15
        recorded = life.noted(time, not_before=life.start if not from_file else life.some_time())
        life.tell(FOLLOWUP, life.id(), event, min(time, recorded), recorded, from_file=from_file)
        time = life.soon_after(time)


def task(life: Life) -> None:
    """Generate a task: scheduled, possibly moved (and moved back), possibly completed or cancelled."""
    stream, happened = life.id(), life.some_time()
    due_at = happened + timedelta(days=life.random.uniform(-2, 20))
    recorded = life.noted(happened)
    life.tell(FOLLOWUP, stream, TaskScheduled(assignee_id="li", due_at=due_at), happened, recorded)
    for moved_at, new_due_at in moves(life, recorded, due_at):
        recorded = life.noted(moved_at, not_before=recorded)
        event: Event = TaskRescheduled(previous_due_at=due_at, due_at=new_due_at)
        life.tell(FOLLOWUP, stream, event, moved_at, recorded)
        due_at = new_due_at
    happened = due_at + timedelta(days=life.random.choice((-1, -0.01, 0, 0.01, 1, 6)))
    recorded = life.noted(happened, not_before=recorded)
    match life.random.choice(("done", "done", "called-off", "forgotten")):
        case "done":
            life.tell(FOLLOWUP, stream, TaskCompleted(due_at=due_at, employee_id="li"), happened, recorded)
        case "called-off":
            life.tell(FOLLOWUP, stream, TaskCancelled(), happened, recorded)
        case _:
            return


def moves(life: Life, after: datetime, due_at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield when a task was moved, and to which due time; the second move often goes back."""
    moved = due_at + timedelta(days=life.random.uniform(0.1, 10))
    back = due_at if life.random.random() < 0.5 else moved + timedelta(days=3)
    times = sorted(after + timedelta(days=life.random.choice((0, 0.01, 3, 12))) for _ in range(2))
    yield from list(zip(times, (moved, back), strict=True))[: life.random.choice((0, 0, 1, 2))]


def complaint(life: Life) -> None:
    """Generate a complaint: raised, possibly answered, confirmed and closed, sometimes reopened."""
    stream, happened = life.id(), life.some_time()
    raised = ComplaintRaised(channel=Channel.PHONE, severity=life.random.choice(list(Severity)), owner_id="zhao")
    recorded = happened
    for step in steps(life, raised):
        recorded = life.noted(happened, not_before=recorded)
        for event in promised(life, step, happened):
            life.tell(FOLLOWUP, stream, event, happened, recorded)
        happened += timedelta(hours=life.random.choice((0.1, 3.9, 4, 11, 25, 60)))


def steps(life: Life, raised: ComplaintRaised) -> list[Event]:
    """Return the steps of one complaint."""
    random, answer = life.random, ComplaintAnswered(employee_id="zhao")
    closed = [answer, answer, ComplaintConfirmed(), ComplaintClosed()]
    course: list[Event] = [raised, *paused(random), *closed]
    if random.random() < 0.5:
        again = ComplaintReopened(reason="came-back", owner_id="zhao")
        return [*course, again, *paused(random), *closed[: random.randint(0, 4)]]
    return course[: random.randint(1, len(course))]


def paused(random: Random) -> list[Event]:
    """Return a pause, with or without resumption, a recalculated target, another severity, or nothing."""
    weighed = ComplaintReclassified(
        previous=Severity.NORMAL, severity=random.choice(list(Severity)), reason="weighs-otherwise"
    )
    pause = ComplaintPaused(reason="waits-for-customer", used_seconds=0)
    moved = ComplaintTargetChanged(**PROMISE)
    return list(
        random.choice(
            (
                [],
                [],
                [weighed],
                [weighed],
                [pause],
                [pause, ComplaintResumed()],
                [moved],
                [weighed, moved],
                [pause, ComplaintResumed(), moved],
            )
        )
    )


def promised(life: Life, step: Event, at: datetime) -> list[Event]:
    """Return the events of a step, with the targets that it sets."""
    hours = life.random.choice((0.05, 2, 4, 30, 100))
    times = {"started_at": at, "answer_by": at + timedelta(hours=hours)}
    match step:
        case ComplaintRaised() if life.random.random() < 0.35:
            return [step]  # As those before there were clocks.
        case ComplaintRaised() | ComplaintReopened():
            return [step, ComplaintTargetSet(**PROMISE | times)]
        case ComplaintResumed():
            return [step, ComplaintTargetChanged(**PROMISE | times)]
        case ComplaintTargetChanged():
            return [step.model_copy(update=times)]
        case _:
            return [step]

"""The oracle: calculates the expected alerts again from all events after every single one, slowly and simply.

Nothing here is taken from the engine but the rule book's numbers. Written down from ADR 0004:

- Silence runs from the last human contact, or from the registration while there was none; not for a lost customer,
  and for one who was won back not from before. If a late fact moves its beginning, and the customer is overdue all the
  same, the alert goes on; but a contact after the alert's start begins another one.
- A follow-up is owed until its due time; moving it begins another episode.
- A complaint is owed an answer once it is raised, and again once it is reopened: until the time that was promised last;
  where none was, for the hours of its severity, as told last. In a pause, and until a reopened one has its promise, by
  no time.
- An alert is raised at the first look at or after its due time, at an instant up to which both feeds are complete,
  unless a file has told of this customer in the 30 seconds before.
- A fact that ends an episode withdraws its alert if it happened before the alert began (or just then), else clears
  it. More time allowed by a new tier or stage, another promise or a pause clears it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from contracts import customer, followup
from contracts.customer import Mode, Stage
from contracts.event import Envelope
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.shapes import Count, Owed, Silence
from services.alerts.engine.tiers import OTHERS

FILE_SETTLES = timedelta(seconds=30)
# The only outcome in the generated histories that means that nobody was reached.
NOBODY_REACHED = "no-answer"
NO_TIME = datetime.max.replace(tzinfo=UTC)
BEGINS_COMPLAINT = followup.ComplaintRaised | followup.ComplaintReopened
PROMISE = followup.ComplaintTargetSet | followup.ComplaintTargetChanged
Fact = Envelope[Any]
C = TypeVar("C", Silence, Owed, Count)


@dataclass(frozen=True, slots=True, order=True)
class Episode:
    """An alert's identity: rule, customer, subject, and start."""

    rule_id: str
    customer_id: UUID
    concerns_id: UUID | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """One transition of one alert, and its time."""

    at: datetime
    kind: str
    episode: Episode
    starts_at: datetime
    ends_at: datetime | None = None


@dataclass
class Oracle:
    """Receives the same events as the engine, one at a time, and keeps all of them."""

    rules: RuleBook
    facts: dict[UUID, list[Fact]] = field(default_factory=dict)
    open: dict[Episode, datetime] = field(default_factory=dict)
    # Who has to act on an open silence.
    addressees: dict[Episode, str | None] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)

    def hear(self, fact: Fact, now: datetime) -> None:
        """Add an event, and end the alerts that it ends."""
        own = self.facts.setdefault(fact.subject, [])
        own.append(fact)
        due = dict(episodes(own, self.rules))
        for episode in [each for each in self.open if each.customer_id == fact.subject]:
            if moved := self._moved(episode, due, now):
                del self.open[episode]
                self.open[moved], self.addressees[moved] = due[moved], self.addressees[episode]
                self.said.append(Said(now, "moved", moved, due[moved]))
            elif episode not in due:
                self._end(episode, happened_at(fact), now)
            elif due[episode] > now:
                self._say(now, "cleared", episode, now)
            elif episode.rule_id == "inactivity" and self.addressees[episode] != owner_of(own):
                self.addressees[episode] = owner_of(own)
                self.said.append(Said(now, "readdressed", episode, self.open[episode]))

    def _moved(self, episode: Episode, due: dict[Episode, datetime], now: datetime) -> Episode | None:
        """Return the silence that an open one has become, if it has another beginning and is overdue."""
        if episode in due or episode.rule_id != "inactivity":
            return None
        others = [each for each in due if each.rule_id == episode.rule_id and due[each] <= now]
        return next((each for each in others if each.since <= self.open[episode]), None)

    def _end(self, episode: Episode, happened: datetime, now: datetime) -> None:
        kind = "withdrawn" if happened <= self.open[episode] else "cleared"
        self._say(now, kind, episode, max(happened, episode.since))

    def _say(self, now: datetime, kind: str, episode: Episode, ends_at: datetime) -> None:
        self.said.append(Said(now, kind, episode, self.open.pop(episode), ends_at))

    def publish(self, rules: RuleBook, _now: datetime) -> None:
        """Go on with other rules."""
        self.rules = rules

    def look(self, complete_until: datetime, _now: datetime | None = None) -> None:
        """Raise what is overdue, given that all events recorded before `complete_until` have been received."""
        for own in self.facts.values():
            if any(fact.metadata.origin and complete_until < fact.recorded_at + FILE_SETTLES for fact in own):
                continue
            for episode, due_at in episodes(own, self.rules):
                if episode not in self.open and due_at <= complete_until:
                    self.open[episode], self.addressees[episode] = due_at, owner_of(own)
                    self.said.append(Said(complete_until, "raised", episode, due_at))


def owner_of(facts: Sequence[Fact]) -> str | None:
    owners = [fact.event.owner_id for fact in facts if isinstance(fact.event, customer.OwnerAssigned)]
    return owners[-1] if owners else None


def happened_at(fact: Fact) -> datetime:
    """Return when an event took place; a profile may contain the time of an earlier contact."""
    if isinstance(fact.event, customer.ProfileChanged) and fact.event.last_contacted_at:
        return fact.event.last_contacted_at
    return fact.occurred_at


def episodes(facts: Sequence[Fact], rules: RuleBook) -> Iterator[tuple[Episode, datetime]]:
    """Return all possible alerts of one customer, each with the time from which it is due."""
    registered = [fact for fact in facts if isinstance(fact.event, customer.Registered)]
    if not registered:
        return
    yield from silence(facts, registered[0], rules)
    for stream in streams(facts):
        yield from follow_up(stream, rules)
        yield from complaint(stream, rules)


def condition_of(rules: RuleBook, rule_id: str, shape: type[C]) -> C:
    (found,) = [rule.condition for rule in rules.rules if rule.id == rule_id]
    assert isinstance(found, shape)
    return found


def streams(facts: Sequence[Fact]) -> Iterable[list[Fact]]:
    """Return the facts of each contact, task and complaint, in their order."""
    found: dict[UUID, list[Fact]] = defaultdict(list)
    for fact in facts:
        found[fact.stream_id].append(fact)
    return found.values()


def silence(facts: Sequence[Fact], registered: Fact, rules: RuleBook) -> Iterator[tuple[Episode, datetime]]:
    changed = [fact for fact in facts if isinstance(fact.event, customer.StageChanged)]
    stages = [fact.event.stage for fact in changed]
    stage = stages[-1] if stages else Stage.NEW
    if stage == Stage.LOST:
        return
    mode = Mode.FOLLOW_UP if stage in {Stage.NEW, Stage.INTERESTED} else Mode.MAINTENANCE
    tiers = [
        fact.event.tier
        for fact in facts
        if isinstance(fact.event, customer.TierChanged) and fact.event.scheme == "default"
    ]
    days = condition_of(rules, "inactivity", Silence).days[mode]
    allowed = timedelta(days=days.get(tiers[-1] if tiers else OTHERS, days[OTHERS]))
    since = max((happened_at(fact) for fact in facts if is_contact(fact)), default=registered.occurred_at)
    back = [fact.occurred_at for fact in changed if fact.event.previous == Stage.LOST]
    since = max(since, back[-1]) if back else since
    yield Episode("inactivity", registered.subject, None, since), since + allowed


def is_contact(fact: Fact) -> bool:
    match fact.event:
        case followup.ContactLogged(automated=automated, outcome=outcome):
            return not automated and outcome != NOBODY_REACHED
        case customer.ProfileChanged(last_contacted_at=contacted_at):
            return contacted_at is not None
        case _:
            return False


def follow_up(stream: Sequence[Fact], rules: RuleBook) -> Iterator[tuple[Episode, datetime]]:
    """A task's last due time counts, unless the task is completed or cancelled."""
    due_at: datetime | None = None
    for fact in stream:
        match fact.event:
            case followup.TaskScheduled(due_at=at) | followup.TaskRescheduled(due_at=at):
                due_at = at
            case followup.TaskCompleted() | followup.TaskCancelled():
                return
            case _:
                continue
    if due_at:
        grace = timedelta(minutes=condition_of(rules, "missed-follow-up", Owed).grace_minutes)
        yield Episode("missed-follow-up", stream[0].subject, stream[0].stream_id, due_at), due_at + grace


def complaint(stream: Sequence[Fact], rules: RuleBook) -> Iterator[tuple[Episode, datetime]]:
    """Only events after the last raising or reopening count: targets, pauses, answers."""
    begins = [number for number, fact in enumerate(stream) if isinstance(fact.event, BEGINS_COMPLAINT)]
    if not begins:
        return
    first, *later = stream[begins[-1] :]
    if any(isinstance(fact.event, followup.ComplaintAnswered | followup.ComplaintClosed) for fact in later):
        return
    due_at = NO_TIME
    if isinstance(first.event, followup.ComplaintRaised):
        hours = condition_of(rules, "unanswered-complaint", Owed).hours
        told = [first, *(fact for fact in later if isinstance(fact.event, followup.ComplaintReclassified))]
        due_at = first.occurred_at + timedelta(hours=hours[told[-1].event.severity])
    clock = [fact.event for fact in later if isinstance(fact.event, PROMISE | followup.ComplaintPaused)]
    if clock:
        due_at = clock[-1].answer_by if isinstance(clock[-1], PROMISE) else NO_TIME
    yield Episode("unanswered-complaint", first.subject, first.stream_id, first.occurred_at), due_at

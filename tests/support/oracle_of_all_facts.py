"""The oracle of whole histories: after each event, it calculates all alerts again from all facts, slowly.

It shares the pieces of the oracle of silence, and adds counts, guards, merges, and changes of the rules:

- A customer has its own identity (stage, tier, owner), and the facts of those that are merged into it.
- A count may select complaints, by one of SELECTIONS. It is reached from the complaint that reaches it until its window
  closes; that ends the alert at that time. An alert keeps its beginning: it is the latest time of reached counts that
  had begun when it was raised.
- A guard is broken from its triggering until it is cleared.
- Counts and guards are raised when an event about them is received; all others at a look.
- A merge carries the open alerts of the duplicate to the survivor. Undoing it returns those that were raised under the
  duplicate, and those about its tasks and complaints.
- An alert whose rule is retired, or allows more time now, is cleared when the rules change. Rules that stay the
  same are judged at the next look.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from contracts import customer, followup
from contracts.alerts import Backlog
from contracts.customer import Stage
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.shapes import Count
from tests.support.oracle_of_silence import (
    FILE_SETTLES,
    Episode,
    Fact,
    Said,
    complaint,
    condition_of,
    follow_up,
    happened_at,
    is_contact,
    owner_of,
    silence,
    streams,
)

GUARDS: Final = frozenset({"two-colleagues", "greetings-only"})
SILENCE, COUNT = "inactivity", "more-complaints"
# The expressions that the oracle knows, each written again in Python.
SELECTIONS: Final[Mapping[str, Callable[[followup.ComplaintRaised], bool]]] = {
    "severity == 'critical'": lambda each: each.severity is followup.Severity.CRITICAL,
    "severity in ['high', 'critical']": lambda each: each.severity.value in {"high", "critical"},
    "severity != 'low' && topic == ''": lambda each: each.severity is not followup.Severity.LOW,
    # Fails for critical complaints, which do not count then.
    "severity == 'critical' ? 1/0 == 1 : true": lambda each: each.severity is not followup.Severity.CRITICAL,
}
ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
NEVER: Final = datetime.max.replace(tzinfo=UTC)
IDENTITY = (
    customer.Registered
    | customer.StageChanged
    | customer.TierChanged
    | customer.OwnerAssigned
    | customer.Merged
    | customer.Unmerged
)


@dataclass(frozen=True, slots=True)
class Broken:
    """A time in which a rule is broken."""

    rule_id: str
    concerns_id: UUID | None
    since: datetime
    due_at: datetime
    closes_at: datetime = NEVER


@dataclass(slots=True)
class Open:
    """An open alert."""

    rule_id: str
    customer_id: UUID
    concerns_id: UUID | None
    since: datetime
    starts_at: datetime
    owner_id: str | None
    origin: UUID

    @property
    def episode(self) -> Episode:
        return Episode(self.rule_id, self.customer_id, self.concerns_id, self.since)


@dataclass
class OracleOfAllFacts:
    """Receives the same events as the engine, one at a time, and keeps all of them."""

    rules: RuleBook
    facts: dict[UUID, list[Fact]] = field(default_factory=dict)
    # The latest time at which each customer was judged: windows that closed by then are over.
    judged: dict[UUID, datetime] = field(default_factory=dict)
    # The duplicates, in the order in which their merges were received.
    merges: list[UUID] = field(default_factory=list)
    # Whether a look saw a window that had closed for one feed, and not yet for both: its end may be told now or later.
    is_undecided: bool = False
    open: list[Open] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)

    def hear(self, fact: Fact, now: datetime) -> None:
        """Add an event, and end, carry and raise the alerts that it concerns."""
        was_merged_into = self.merged_into(fact.subject)
        self.facts.setdefault(fact.subject, []).append(fact)
        heard = None if was_merged_into else self.heard(fact)
        match fact.event:
            case customer.Merged(into_customer_id=into):
                self.merges.append(fact.subject)
                self._carry([each for each in self.open if each.customer_id == fact.subject], into, now)
                concerned = [into, fact.subject]
            case customer.Unmerged(from_customer_id=into):
                self._carry(self._returning(fact.subject, into), fact.subject, now)
                concerned = [into, fact.subject]
            case _:
                concerned = [was_merged_into or fact.subject]
        for each in concerned:
            self._judge(each, now, fact.recorded_at, heard=heard, fact=fact)

    def look(self, complete_until: datetime, now: datetime) -> None:
        """Raise what is overdue, given that all events recorded before `complete_until` have been received."""
        for each in self.facts:
            self._judge(each, now, complete_until, is_complete=True)

    def publish(self, rules: RuleBook, now: datetime) -> None:
        """Judge all customers by the rules that have changed."""
        ids = {rule.id for book in (self.rules, rules) for rule in book.rules}
        changed = {each for each in ids if self.rules.rule(each) != rules.rule(each)}
        self.rules = rules
        for each in self.facts:
            self._judge(each, now, now, heard=changed, rules_changed=True)

    def heard(self, fact: Fact) -> set[str]:
        """Return the rules that an event concerns."""
        match fact.event:
            case _ if isinstance(fact.event, IDENTITY):
                return {SILENCE, "missed-follow-up", "unanswered-complaint", COUNT, *GUARDS}
            case followup.GuardTripped() | followup.GuardCleared():
                return set(GUARDS)
            case followup.ComplaintRaised():
                return {"unanswered-complaint", COUNT}
            case followup.ContactLogged() | customer.ProfileChanged():
                return {SILENCE}
            case _:
                return {"missed-follow-up", "unanswered-complaint"}

    def merged_into(self, customer_id: UUID) -> UUID | None:
        told = [
            fact.event
            for fact in self.facts.get(customer_id, ())
            if isinstance(fact.event, customer.Merged | customer.Unmerged)
        ]
        return told[-1].into_customer_id if told and isinstance(told[-1], customer.Merged) else None

    def duplicates(self, customer_id: UUID) -> list[UUID]:
        """Return the customers that are merged into this one, in the order of their merges."""
        found = [each for each in self.facts if self.merged_into(each) == customer_id]
        return sorted(found, key=lambda each: max(at for at, merged in enumerate(self.merges) if merged == each))

    def _carry(self, carried: Sequence[Open], into: UUID, now: datetime) -> None:
        for each in carried:
            self._say(now, "carried-away", each)
            each.customer_id = into
            self._say(now, "carried-in", each)

    def _returning(self, duplicate: UUID, survivor: UUID) -> list[Open]:
        own = {fact.stream_id for fact in self.facts[duplicate]} - {duplicate}
        held = [each for each in self.open if each.customer_id == survivor]
        return [each for each in held if each.origin == duplicate or each.concerns_id in own]

    def _judge(
        self,
        customer_id: UUID,
        now: datetime,
        instant: datetime,
        *,
        heard: set[str] | None = None,
        fact: Fact | None = None,
        is_complete: bool = False,
        rules_changed: bool = False,
    ) -> None:
        own = self.facts.get(customer_id, [])
        over = self.judged[customer_id] = max(instant, self.judged.get(customer_id, instant))
        if self.merged_into(customer_id):
            return
        is_known = any(isinstance(each.event, customer.Registered) for each in own)
        others = [self.facts[each] for each in self.duplicates(customer_id)]
        broken = [each for each in broken_of(own, others, self.rules) if heard is None or each.rule_id in heard]
        until = instant if is_complete else None
        taken = self._compare(customer_id, broken, now, over, heard, fact, rules_changed, until) if is_known else []
        every = [each for facts in (own, *others) for each in facts]
        if not is_known or any(each.metadata.origin and instant < each.recorded_at + FILE_SETTLES for each in every):
            return
        for each in broken:
            at_once = each.rule_id in {COUNT, *GUARDS}
            if each in taken or over >= each.closes_at or each.due_at > instant or not (is_complete or at_once):
                continue
            if not self._is_skipped(each):
                self._raise(customer_id, each, owner_for(each, own), instant)

    def _is_skipped(self, broken: Broken) -> bool:
        rule = self.rules.rule(broken.rule_id)
        assert rule
        is_old = rule.published is not None and broken.due_at <= rule.published.at
        return is_old and rule.backlog is Backlog.SKIP

    def _raise(self, customer_id: UUID, broken: Broken, owner_id: str | None, instant: datetime) -> None:
        begun = Open(
            broken.rule_id, customer_id, broken.concerns_id, broken.since, broken.due_at, owner_id, customer_id
        )
        self.open.append(begun)
        self._say(instant, "raised", begun)

    def _compare(
        self,
        customer_id: UUID,
        broken: list[Broken],
        now: datetime,
        over: datetime,
        heard: set[str] | None,
        fact: Fact | None,
        rules_changed: bool,
        complete_until: datetime | None,
    ) -> list[Broken]:
        """End or go on with the open alerts of a customer; return what is open still."""
        own = self.facts[customer_id]
        others = [self.facts[each] for each in self.duplicates(customer_id)]
        every = [each for facts in (own, *others) for each in facts]
        judged = [
            each for each in self.open if each.customer_id == customer_id and (heard is None or each.rule_id in heard)
        ]
        if heard is not None and not rules_changed:
            in_force = {rule.id for rule in self.rules.rules}
            judged = [each for each in judged if each.rule_id in in_force]
        pairs = self._pairs(judged, broken, now)
        going_on: list[Broken] = []
        for each, own_finding in pairs:
            is_settled = each.rule_id in GUARDS and is_cleared(each, (own, *others))
            found = own_finding or (None if is_settled else double_of(each, pairs))
            if found and complete_until and complete_until < found.closes_at <= over:
                self.is_undecided = True
            if found and found.due_at <= now and over < found.closes_at:
                if own_finding:
                    going_on.append(own_finding)
                    self._go_on(each, own_finding, owner_for(own_finding, own), now)
            else:
                self.open.remove(each)
                self._end(each, found, own, every, fact, now, over, rules_changed)
        return going_on

    def _pairs(
        self, judged: Sequence[Open], broken: Sequence[Broken], now: datetime
    ) -> list[tuple[Open, Broken | None]]:
        """Return each open alert with what it is; two alerts are never the same."""
        pairs: list[tuple[Open, Broken | None]] = []
        for each in sorted(judged, key=lambda one: (not exact(one, broken), one.starts_at)):
            taken = [found for _, found in pairs]
            pairs.append((each, next((one for one in candidates(each, broken, now) if one not in taken), None)))
        return pairs

    def _go_on(self, one: Open, found: Broken, owner_id: str | None, now: datetime) -> None:
        if one.rule_id == SILENCE and found.since != one.since:
            one.since, one.starts_at = found.since, found.due_at
            self._say(now, "moved", one)
        if one.concerns_id is None and one.owner_id != owner_id:
            one.owner_id = owner_id
            self._say(now, "readdressed", one)

    def _end(
        self,
        one: Open,
        found: Broken | None,
        own: Sequence[Fact],
        every: Sequence[Fact],
        fact: Fact | None,
        now: datetime,
        over: datetime,
        rules_changed: bool,
    ) -> None:
        if found and found.closes_at <= over:
            self._say(now, "cleared", one, found.closes_at)
        elif rules_changed or found:
            self._say(now, "cleared", one, now)
        else:
            ends_at = ended_at(one, own, every, fact) or now
            kind = "withdrawn" if ends_at <= one.starts_at else "cleared"
            self._say(now, kind, one, max(ends_at, one.since))

    def _say(self, now: datetime, kind: str, one: Open, ends_at: datetime | None = None) -> None:
        self.said.append(Said(now, kind, one.episode, one.starts_at, ends_at))


def double_of(one: Open, pairs: Sequence[tuple[Open, Broken | None]]) -> Broken | None:
    """Return what the alert of another merged customer is, if it is of the same rule about the same."""
    for other, found in pairs:
        is_same = (other.rule_id, other.concerns_id) == (one.rule_id, one.concerns_id)
        if found and is_same and other.origin != one.origin:
            return found
    return None


def is_cleared(one: Open, known: Iterable[Sequence[Fact]]) -> bool:
    """Return whether the guard of an alert was cleared: of two merged customers, each guard by its own fact."""
    for facts in known:
        told = guard_facts(one.rule_id, facts)
        tripped = [at for at, fact in enumerate(told) if is_tripping(fact) and fact.occurred_at == one.since]
        if tripped:
            return any(not is_tripping(fact) for fact in told[tripped[-1] :])
    return False


def guard_facts(name: str, facts: Sequence[Fact]) -> list[Fact]:
    kinds = followup.GuardTripped | followup.GuardCleared
    return [fact for fact in facts if isinstance(fact.event, kinds) and fact.event.guard == name]


def is_tripping(fact: Fact) -> bool:
    return isinstance(fact.event, followup.GuardTripped)


def exact(one: Open, broken: Iterable[Broken]) -> bool:
    return any(
        (each.rule_id, each.concerns_id, each.since) == (one.rule_id, one.concerns_id, one.since) for each in broken
    )


def candidates(one: Open, broken: Sequence[Broken], now: datetime) -> list[Broken]:
    """Return what an open alert may be, in the order of preference."""
    same = [each for each in broken if (each.rule_id, each.concerns_id) == (one.rule_id, one.concerns_id)]
    if found := [each for each in same if each.since == one.since]:
        return [each for each in found if one.rule_id != COUNT or each.due_at <= one.starts_at]
    begun = sorted((each for each in same if each.due_at <= now), key=lambda each: each.due_at, reverse=True)
    if one.rule_id == SILENCE:
        return [each for each in begun if each.since <= one.starts_at]
    return [each for each in begun if each.due_at <= one.starts_at] if one.rule_id == COUNT else []


def owner_for(broken: Broken, own: Sequence[Fact]) -> str | None:
    """Return who has to act on what is about the customer as a whole."""
    return owner_of(own) if broken.concerns_id is None else None


def ended_at(one: Open, own: Sequence[Fact], every: Sequence[Fact], fact: Fact | None) -> datetime | None:
    """Return when what a fact told of ended an alert; None if the fact only allows more."""
    stages = [each for each in own if isinstance(each.event, customer.StageChanged)]
    lost_at = stages[-1].occurred_at if stages and stages[-1].event.stage is Stage.LOST else None
    if one.rule_id == SILENCE:
        contact = max((happened_at(each) for each in every if is_contact(each)), default=ALWAYS)
        return contact if contact > one.since else lost_at
    if one.rule_id == COUNT:
        return lost_at
    if fact is None or isinstance(fact.event, IDENTITY | followup.GuardTripped):
        return None
    return fact.occurred_at


def broken_of(own: Sequence[Fact], others: Sequence[Sequence[Fact]], rules: RuleBook) -> list[Broken]:
    """Return all times in which a rule in force is or will be broken, given one customer and its duplicates."""
    registered = [fact for fact in own if isinstance(fact.event, customer.Registered)]
    if not registered:
        return []
    in_force = {rule.id for rule in rules.rules}
    every = [fact for facts in (own, *others) for fact in facts]
    found: list[tuple[Episode, datetime]] = []
    if SILENCE in in_force:
        contacts = [fact for facts in others for fact in facts if is_contact(fact)]
        found += silence([*own, *contacts], registered[0], rules)
    for stream in streams(every):
        found += follow_up(stream, rules) if "missed-follow-up" in in_force else ()
        found += complaint(stream, rules) if "unanswered-complaint" in in_force else ()
    broken = [Broken(each.rule_id, each.concerns_id, each.since, due_at) for each, due_at in found]
    for guard in sorted(GUARDS & in_force):
        broken += guards(guard, own, others)
    if COUNT in in_force:
        broken += counts(own, others, condition_of(rules, COUNT, Count))
    return broken


def guards(name: str, own: Sequence[Fact], others: Sequence[Sequence[Fact]]) -> list[Broken]:
    """Return the guard as it was told last, of the customer itself or else of the duplicate that has it longest."""
    last = [told[-1] for facts in (own, *others) if (told := guard_facts(name, facts)) and is_tripping(told[-1])]
    if not last:
        return []
    is_own = last[0] in own
    first = last[0] if is_own else min(last, key=lambda each: (each.occurred_at, each.id))
    return [Broken(name, None, first.occurred_at, first.occurred_at)]


def counts(own: Sequence[Fact], others: Sequence[Sequence[Fact]], rule: Count) -> Iterator[Broken]:
    """Yield each time in which there were so many complaints within the window, found at each of its ends."""
    changed = [fact for fact in own if isinstance(fact.event, customer.StageChanged)]
    is_lost = bool(changed) and changed[-1].event.stage is Stage.LOST
    is_complete = all(any(isinstance(each.event, customer.Registered) for each in facts) for facts in others)
    if is_lost or not is_complete:
        return
    back = [fact.occurred_at for fact in changed if fact.event.previous is Stage.LOST]
    every = [fact for facts in (own, *others) for fact in facts if isinstance(fact.event, followup.ComplaintRaised)]
    if rule.counts:
        every = [fact for fact in every if SELECTIONS[rule.counts](fact.event)]
    times = sorted(fact.occurred_at for fact in every if not back or fact.occurred_at >= back[-1])
    window = timedelta(days=rule.days)
    begun: tuple[datetime, datetime] | None = None
    for at in sorted({*times, *(each + window for each in times)}):
        counted = [each for each in times if each <= at < each + window]
        if len(counted) >= rule.times and begun is None:
            begun = (first_counted(counted, at, rule), at)
        elif len(counted) < rule.times and begun:
            yield Broken(COUNT, None, *begun, at)
            begun = None


def first_counted(counted: Sequence[datetime], at: datetime, rule: Count) -> datetime:
    """Return the first complaint of those that reached the count. Several may have happened at that instant."""
    before = [each for each in counted if each < at]
    return [*before, *(each for each in counted if each == at)][max(0, len(before) - rule.times + 1)]

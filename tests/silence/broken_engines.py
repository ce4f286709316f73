"""Variants of the engine that are broken on purpose: what merges, counts, guards, handovers and rules may get wrong."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from msgspec.structs import replace as changed

from contracts.alerts import AlertCleared, AlertWithdrawn, Backlog
from contracts.customer import Merged, OwnerAssigned, TierChanged, Unmerged
from contracts.event import Envelope, Event
from contracts.followup import ComplaintRaised, ContactLogged, GuardCleared, Severity
from services.alerts.detection.memory import Memory
from services.alerts.engine.changes import Ending, Moving, Readdressing
from services.alerts.engine.episodes import Change, CustomerState
from services.alerts.engine.facts import Facts
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import RuleBook
from tests.silence.delivery import Published
from tests.silence.engines import BROKEN, Engine, Envelopes


class Misreads(Engine):
    """Misreads some events."""

    def read(self, envelope: Envelope[Any]) -> list[Envelope[Any]]:
        """Return what the engine takes an event for."""
        raise NotImplementedError

    def hear(self, customer_id: UUID, own: Envelopes, now: datetime) -> None:
        if kept := [read for envelope in own for read in self.read(envelope)]:
            super().hear(customer_id, kept, now)


class Misses(Misreads):
    missed: ClassVar[type[Event]]

    def read(self, envelope: Envelope[Any]) -> list[Envelope[Any]]:
        return [] if isinstance(envelope.event, self.missed) else [envelope]


class IgnoresHandovers(Misses):
    missed = OwnerAssigned


class IgnoresUnmerging(Misses):
    missed = Unmerged


class IgnoresTheClearingOfGuards(Misses):
    missed = GuardCleared


class TakesFailedCallsForContacts(Misreads):
    def read(self, envelope: Envelope[Any]) -> list[Envelope[Any]]:
        return [with_fields(envelope, outcome=None) if isinstance(envelope.event, ContactLogged) else envelope]


class UsesTheThresholdOfAnotherTier(Misreads):
    def read(self, envelope: Envelope[Any]) -> list[Envelope[Any]]:
        is_growth = isinstance(envelope.event, TierChanged) and envelope.event.tier == "growth"
        return [with_fields(envelope, tier="vip") if is_growth else envelope]


class CountsComplaintsTwice(Misreads):
    def read(self, envelope: Envelope[Any]) -> list[Envelope[Any]]:
        again = replace(envelope, id=UUID(int=envelope.id.int ^ 1))
        return [envelope, again] if isinstance(envelope.event, ComplaintRaised) else [envelope]


class TakesTheRecordingTime(Misreads):
    """Takes the time at which an event was recorded for the time at which it took place."""

    def read(self, envelope: Envelope[Any]) -> list[Envelope[Any]]:
        return [replace(envelope, occurred_at=envelope.recorded_at)]


class IgnoresWhatDuplicatesDo(Engine):
    def hear(self, customer_id: UUID, own: Envelopes, now: datetime) -> None:
        known = self.memories.get(customer_id)
        kept = [each for each in own if isinstance(each.event, Merged | Unmerged)]
        if own := (kept if known and known.facts.merged_into else own):
            super().hear(customer_id, own, now)


class Forgets(Engine):
    """Forgets a part of the state after each event."""

    def forget(self, state: CustomerState) -> CustomerState:
        raise NotImplementedError

    def hear(self, customer_id: UUID, own: Envelopes, now: datetime) -> None:
        super().hear(customer_id, own, now)
        self.memories.update({key: each.with_state(self.forget(each.state)) for key, each in self.memories.items()})


class DropsTheOrigin(Forgets):
    """Forgets under which customer a carried alert was raised."""

    def forget(self, state: CustomerState) -> CustomerState:
        return changed(state, open={key: changed(each, origin=None) for key, each in state.open.items()})


class IgnoresWinBack(Forgets):
    def forget(self, state: CustomerState) -> CustomerState:
        return changed(state, facts=changed(state.facts, won_back=None))


class ForgetsRings(Forgets):
    def forget(self, state: CustomerState) -> CustomerState:
        return changed(state, facts=changed(state.facts, rings={}))


class ForgetsWhatWasJudged(Engine):
    """Forgets at a restart until when a customer was judged."""

    def restart(self) -> None:
        super().restart()
        for key, memory in self.memories.items():
            self.memories[key] = memory.with_state(changed(memory.state, judged_until=None))


class LosesDuplicatesAtARestart(Engine):
    def restart(self) -> None:
        super().restart()
        for key, memory in self.memories.items():
            self.memories[key] = memory.with_state(changed(memory.state, facts=without_duplicates(memory)))


class Says(Engine):
    """Says another change instead of one."""

    def instead(self, change: Change) -> list[Change]:
        raise NotImplementedError

    def say(self, customer_id: UUID, changes: Iterable[Change]) -> None:
        super().say(customer_id, [each for change in changes for each in self.instead(change)])


class ReaddressesTwice(Says):
    def instead(self, change: Change) -> list[Change]:
        if not isinstance(change, Readdressing):
            return [change]
        return [change, changed(change, owner_id=None), change]


class WithdrawsWhatMoved(Says):
    def instead(self, change: Change) -> list[Change]:
        if not isinstance(change, Moving):
            return [change]
        return [Ending(change.episode, AlertWithdrawn, change.silent_since, change.updated_at, change.cause)]


class ClosesWindowsAtTheLook(Says):
    """Ends a count when it looks, and not when its window closed."""

    def instead(self, change: Change) -> list[Change]:
        if not isinstance(change, Ending) or change.episode.rule_id != "more-complaints":
            return [change]
        return [changed(change, ends_at=change.updated_at)]


class WithdrawsNothing(Says):
    def instead(self, change: Change) -> list[Change]:
        return [changed(change, kind=AlertCleared)] if isinstance(change, Ending) else [change]


def with_rules(book: RuleBook, rules: tuple[Rule, ...]) -> RuleBook:
    """Return a book with other rules, and without what was computed from those of before."""
    return RuleBook(**{**dict(book), "rules": rules})


class KeepsTheEpisodesOfRetiredRules(Engine):
    def publish(self, step: Published) -> None:
        self.rules = step.book


class JudgesNoChangedRule(Engine):
    """Judges only the rules that a publication has added or removed."""

    def publish(self, step: Published) -> None:
        same = {each.id: each for each in self.rules.rules}
        rules = tuple(same.get(each.id, each) for each in step.book.rules)
        super().publish(Published(step.now, with_rules(step.book, rules)))
        self.rules = step.book


class RaisesTheBacklog(Engine):
    """Raises what was overdue already when a rule was published, whatever the rule says."""

    def publish(self, step: Published) -> None:
        rules = tuple(each.model_copy(update={"backlog": Backlog.RAISE}) for each in step.book.rules)
        super().publish(Published(step.now, with_rules(step.book, rules)))


class CountsEveryEvent(Engine):
    """Takes an expression for true."""

    def receive(self, customer_id: UUID, memory: Memory, own: Envelopes, now: datetime) -> tuple[Memory, list[Change]]:
        rings = {each.name: each.signal for own in self.rules.features.by_kind.values() for each in own}
        kept, changes = super().receive(customer_id, memory, own, now)
        facts = kept.facts
        wrong = {name: facts.rings[signal] for name, signal in rings.items() if signal in facts.rings}
        return kept.with_facts(changed(facts, rings={**facts.rings, **wrong})), changes


class ForgetsThePast(Engine):
    """Counts only what comes after the publication of an expression."""

    def past(self, _customer_id: UUID) -> Facts:
        return Facts()


class ForgetsThePastOfDuplicates(Engine):
    def past(self, customer_id: UUID) -> Facts:
        return (
            Facts()
            if customer_id not in self.memories or is_merged(self.memories[customer_id])
            else super().past(customer_id)
        )


class KeepsTheRingsOfOtherExpressions(Engine):
    """Takes what an earlier expression has counted for what the present one counts."""

    def past(self, customer_id: UUID) -> Facts:
        facts = self.memories[customer_id].facts if customer_id in self.memories else Facts()
        earlier = next((facts.rings[name] for name in facts.features if name in facts.rings), b"")
        names = set(self.rules.features.names) - set(facts.features)
        return Facts(rings=dict.fromkeys(names, earlier)) if earlier else super().past(customer_id)


class CountsWhatCannotBeSaid(Misreads):
    """Takes an expression that fails for true: the only ones that do are about critical complaints."""

    def read(self, envelope: Envelope[Any]) -> list[Envelope[Any]]:
        is_critical = isinstance(envelope.event, ComplaintRaised) and envelope.event.severity is Severity.CRITICAL
        fails = any("1/0" in each.expression for own in self.rules.features.by_kind.values() for each in own)
        return [with_fields(envelope, severity=Severity.HIGH) if is_critical and fails else envelope]


def is_merged(memory: Memory) -> bool:
    return memory.facts.merged_into is not None


def with_fields(envelope: Envelope[Any], **fields: Any) -> Envelope[Any]:
    return replace(envelope, event=envelope.event.model_copy(update=fields))


def without_duplicates(memory: Memory) -> Facts:
    return changed(memory.state.facts, absorbed={})


BROKEN_FOR_ALL_FACTS = [
    *BROKEN,
    IgnoresHandovers,
    IgnoresUnmerging,
    IgnoresTheClearingOfGuards,
    TakesFailedCallsForContacts,
    UsesTheThresholdOfAnotherTier,
    CountsComplaintsTwice,
    TakesTheRecordingTime,
    IgnoresWhatDuplicatesDo,
    DropsTheOrigin,
    IgnoresWinBack,
    ForgetsRings,
    ForgetsWhatWasJudged,
    LosesDuplicatesAtARestart,
    ReaddressesTwice,
    WithdrawsWhatMoved,
    ClosesWindowsAtTheLook,
    WithdrawsNothing,
    KeepsTheEpisodesOfRetiredRules,
    JudgesNoChangedRule,
    RaisesTheBacklog,
]

BROKEN_FOR_SELECTIONS = [
    CountsEveryEvent,
    ForgetsThePast,
    ForgetsThePastOfDuplicates,
    KeepsTheRingsOfOtherExpressions,
    CountsWhatCannotBeSaid,
    ForgetsRings,
]

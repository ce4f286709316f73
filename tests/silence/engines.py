"""The alert engine without its database, and variants of it that are broken on purpose."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace as replaced

from contracts.alerts import AlertEvent
from contracts.event import Envelope, Event
from contracts.followup import (
    ComplaintPaused,
    ComplaintReclassified,
    ComplaintReopened,
    ComplaintTargetChanged,
    ContactLogged,
)
from services.alerts.detection import evaluation
from services.alerts.detection.evaluation import EMPTY
from services.alerts.detection.memory import Memory
from services.alerts.detection.merging import affected_customers, is_merging, receive_merging
from services.alerts.detection.packing import packed, unpacked
from services.alerts.engine.episodes import Change, CustomerState, Moment, evaluate
from services.alerts.engine.facts import Facts as FactsOf
from services.alerts.engine.feature_rings import has_all, holders, with_rings
from services.alerts.engine.folds import evolve
from services.alerts.engine.folds.counted import with_counted
from services.alerts.engine.rule_book import InForce, RuleBook
from tests.silence.delivery import AnyStep, Delivered, Looked, Marked, Published, Restarted, new_records
from tests.silence.histories import FEEDS, Facts
from tests.support.alert_changes import AlertChanges
from tests.support.oracle_of_silence import Episode, Said

Envelopes = Sequence[Envelope[Any]]


@dataclass
class Engine:
    """The engine with the state that services/alerts keeps in its tables: memories, positions, watermarks."""

    rules: RuleBook
    memories: dict[UUID, Memory] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FEEDS, 0))
    watermarks: dict[str, datetime] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    changes: AlertChanges = field(default_factory=AlertChanges)
    # What the fact log has of each customer.
    log: dict[UUID, list[Envelope[Any]]] = field(default_factory=lambda: defaultdict(list))

    def take(self, facts: Facts, step: AnyStep) -> None:
        match step:
            case Delivered(now, feed):
                self._deliver(new_records(facts, step, self.positions[feed]), feed, now)
            case Marked(now, feed):
                self.watermarks[feed] = now
            case Looked(now):
                self._look(now)
            case Restarted():
                self.restart()
            case Published():
                self.publish(step)

    def _deliver(self, batch: Envelopes, feed: str, now: datetime) -> None:
        by_customer: dict[UUID, list[Envelope[Any]]] = defaultdict(list)
        for envelope in batch:
            by_customer[envelope.subject].append(envelope)
            self.positions[feed] = envelope.position
            self.watermarks[feed] = max(envelope.recorded_at, self.watermarks.get(feed, envelope.recorded_at))
        for customer_id, own in by_customer.items():
            self.hear(customer_id, own, now)

    def hear(self, customer_id: UUID, own: Envelopes, now: datetime) -> None:
        for each in affected_customers(own):
            self.memories.setdefault(each, EMPTY)
        self.complete()
        self.log[customer_id] += own
        if is_merging(self.memories[customer_id], own):
            for holder, change in self.receive_merging(customer_id, own, now):
                self.say(holder, [change])
            return
        self.memories[customer_id], ended = self.receive(customer_id, self.memories[customer_id], own, now)
        self.say(customer_id, ended)

    def say(self, customer_id: UUID, changes: Iterable[Change]) -> None:
        self.said += [said(event, subject) for subject, event in self.changes.told(changes, customer_id)]

    def receive(self, customer_id: UUID, memory: Memory, own: Envelopes, now: datetime) -> tuple[Memory, list[Change]]:
        kept, ended = evaluation.receive(customer_id, memory, own, self.rules, now)
        return kept, [change for change, _ in ended]

    def receive_merging(self, customer_id: UUID, own: Envelopes, now: datetime) -> Iterable[tuple[UUID, Change]]:
        for holder, change, _ in receive_merging(customer_id, self.memories, own, self.rules, now):
            yield holder, change

    def instant(self, now: datetime) -> datetime | None:
        """Return the instant up to which the events are complete; None while a feed has no watermark."""
        return min(now, *self.watermarks.values()) if len(self.watermarks) == len(FEEDS) else None

    def _look(self, now: datetime) -> None:
        instant = self.instant(now)
        for customer_id, memory in self.memories.items():
            if instant and memory.next_due_at <= instant:
                self.memories[customer_id], events = evaluation.raise_due(customer_id, memory, self.rules, now, instant)
                self.say(customer_id, events)

    def publish(self, step: Published) -> None:
        """Judge all customers by the rules that have changed, as the sweep does."""
        rules = InForce(step.book, changed=step.book.changed_since([self.rules.digests]))
        self.rules = step.book
        self.complete()
        for customer_id, memory in self.memories.items():
            self.memories[customer_id], changes = evaluation.judge_again(customer_id, memory, rules, step.now)
            self.say(customer_id, changes)

    def complete(self) -> None:
        """Fill the rings of features that a memory lacks from the log, as the detector does."""
        names = self.rules.features.names
        for customer_id, memory in self.memories.items():
            if not has_all(memory.facts, names):
                past = {key: self.past(key) for key, _ in holders(customer_id, memory.facts)}
                self.memories[customer_id] = memory.with_facts(with_rings(customer_id, memory.facts, names, past))

    def past(self, customer_id: UUID) -> FactsOf:
        facts = FactsOf()
        for each in self.log[customer_id]:
            features = self.rules.features.by_kind.get(type(each.event), ())
            facts = with_counted(facts, each, features, self.rules.contacts) if features else facts
        return facts

    def restart(self) -> None:
        """Keep only the state that the database stores."""
        for customer_id, memory in self.memories.items():
            kept = replaced(unpacked(packed(memory.state)), judged_until=memory.rest.judged_until)
            self.memories[customer_id] = memory.with_state(kept)

    def open(self) -> set[Episode]:
        return {
            Episode(episode.rule_id, customer_id, episode.concerns_id, episode.silent_since)
            for customer_id, memory in self.memories.items()
            for episode in memory.state.open.values()
        }


def said(event: AlertEvent, customer_id: UUID) -> Said:
    episode = Episode(event.rule_id, customer_id, event.concerns_id, event.silent_since)
    return Said(event.updated_at, event.type.split(".")[2], episode, event.starts_at, event.ends_at)


class PostponesTheDueTime(Engine):
    """An event may postpone the next evaluation."""

    def receive(self, customer_id: UUID, memory: Memory, own: Envelopes, now: datetime) -> tuple[Memory, list[Change]]:
        kept, ended = super().receive(customer_id, memory, own, now)
        if memory is EMPTY:
            return kept, ended
        rest_due_at = max(kept.rest_due_at, memory.rest_due_at)
        return replaced(kept, rest_due_at=rest_due_at, items_due_at=max(kept.items_due_at, memory.items_due_at)), ended


class PostponesTheRest(Engine):
    """An event may postpone the next evaluation of what is no item."""

    def receive(self, customer_id: UUID, memory: Memory, own: Envelopes, now: datetime) -> tuple[Memory, list[Change]]:
        kept, ended = super().receive(customer_id, memory, own, now)
        return kept if memory is EMPTY else replaced(kept, rest_due_at=memory.rest_due_at), ended


class PostponesTheItems(Engine):
    """An event may postpone the next evaluation of an item."""

    def receive(self, customer_id: UUID, memory: Memory, own: Envelopes, now: datetime) -> tuple[Memory, list[Change]]:
        kept, ended = super().receive(customer_id, memory, own, now)
        return kept if memory is EMPTY else replaced(kept, items_due_at=memory.items_due_at), ended


class CountsAutomatedTouches(Engine):
    def receive(self, customer_id: UUID, memory: Memory, own: Envelopes, now: datetime) -> tuple[Memory, list[Change]]:
        return super().receive(customer_id, memory, [by_hand(envelope) for envelope in own], now)


class IgnoresTheWatermark(Engine):
    def instant(self, now: datetime) -> datetime | None:
        return now


class UsesOneWatermarkOnly(Engine):
    def instant(self, now: datetime) -> datetime | None:
        return min(now, self.watermarks[FEEDS[0]]) if FEEDS[0] in self.watermarks else None


class AppliesDuplicates(Engine):
    def take(self, facts: Facts, step: AnyStep) -> None:
        if isinstance(step, Delivered):
            self.positions[step.feed] = 0
        super().take(facts, step)


class LosesOpenAlerts(Engine):
    def restart(self) -> None:
        super().restart()
        self.memories = {
            key: memory.with_open({}).due_by(*[min(self.watermarks.values())] * 2)
            for key, memory in self.memories.items()
            if self.watermarks
        }


class EndsOncePerBatch(Engine):
    """Folds all events of a batch before it ends an alert."""

    def receive(self, customer_id: UUID, memory: Memory, own: Envelopes, now: datetime) -> tuple[Memory, list[Change]]:
        facts = memory.state.facts
        for envelope in own:
            facts = evolve(facts, envelope)
        step = evaluate(customer_id, CustomerState(facts, memory.state.open), self.rules, Moment(now, now))
        return memory.after(step), list(step.changes)


class IgnoresEvents(Engine):
    """Ignores some event types."""

    ignored: tuple[type[Event], ...] = ()

    def receive(self, customer_id: UUID, memory: Memory, own: Envelopes, now: datetime) -> tuple[Memory, list[Change]]:
        kept = [envelope for envelope in own if not isinstance(envelope.event, self.ignored)]
        return super().receive(customer_id, memory, kept, now)


class IgnoresPauses(IgnoresEvents):
    ignored = (ComplaintPaused,)


class KeepsTheFirstTarget(IgnoresEvents):
    ignored = (ComplaintTargetChanged,)


class KeepsTheFirstSeverity(IgnoresEvents):
    ignored = (ComplaintReclassified,)


class IgnoresReopening(IgnoresEvents):
    ignored = (ComplaintReopened,)


def by_hand(envelope: Envelope[Any]) -> Envelope[Any]:
    if isinstance(envelope.event, ContactLogged):
        return replace(envelope, event=envelope.event.model_copy(update={"automated": False}))
    return envelope


BROKEN = [
    PostponesTheDueTime,
    PostponesTheRest,
    PostponesTheItems,
    CountsAutomatedTouches,
    IgnoresTheWatermark,
    UsesOneWatermarkOnly,
    AppliesDuplicates,
    LosesOpenAlerts,
    EndsOncePerBatch,
    IgnoresPauses,
    KeepsTheFirstTarget,
    KeepsTheFirstSeverity,
    IgnoresReopening,
]

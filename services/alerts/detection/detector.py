"""Runs the engine: events end alerts at once, timers raise alerts once the feeds are complete."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

from chassis.consume.fact_log.model import append
from chassis.consume.table_locks import keep_tables
from chassis.postgres.database import Connection, Pool, transaction
from chassis.runtime.clock import Clock, utc_now
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.alerts import AlertCarriedAway, AlertEvent, Status
from contracts.customer import Merged, OwnerAssigned, TierChanged, Unmerged
from contracts.event import Envelope, Metadata
from contracts.topics import CONFIGURATION
from services.alerts import erasure
from services.alerts.actor import ACTOR
from services.alerts.detection import feature_rings, memory, merging, rule_failures, shadow
from services.alerts.detection.appending import Appender, Found
from services.alerts.detection.evaluation import judge_again, raise_due, receive
from services.alerts.detection.folding import with_shadow
from services.alerts.detection.memory import Memory
from services.alerts.detection.received import TOPICS, Received, envelopes_of
from services.alerts.detection.undoing import with_amounts
from services.alerts.engine.episode import episode_of
from services.alerts.engine.episodes import Change, Moment
from services.alerts.engine.items import OF_ITEMS, concerns_all
from services.alerts.engine.owed_items import item_of
from services.alerts.engine.rule_book import NOBODY_SWEPT, InForce, RuleBook, Rules
from services.alerts.projection import holders
from services.alerts.quiet_hours.stored import StoredQuietHours

CONSUMER = "alerts"
FEEDS = [topic.name for topic in TOPICS]
DUE_BATCH = 500


class Detector:
    """`apply` is the handler of the consumer; a timer calls `run_due`. Without `quiet_hours`, there are none."""

    def __init__(
        self,
        store: EventStore,
        pool: Pool,
        mapper: EventMapper,
        rules: Rules,
        clock: Clock = utc_now,
        quiet_hours: StoredQuietHours | None = None,
    ) -> None:
        self._store = store
        self._pool = pool
        self._rules = rules
        self._clock = clock
        self._appender = Appender(store, mapper, clock, quiet_hours)
        self._has_appended = False

    async def apply(self, received: Sequence[Received], held: Connection) -> None:
        """Append the facts to the log, and evaluate their events. Runs in the consumer's transaction."""
        await append([each.fact for each in received], held)
        await self.evaluate(envelopes_of(received), held)

    async def evaluate(self, envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        """Fold events into the customers' facts, and end alerts."""
        await self._append(held, await self._fold(envelopes, held))
        # Also what was written about alerts that the same events carry.
        await erasure.receive(envelopes, held)

    async def fold(self, envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        """Fold events into the customers' facts. Open episodes stay as they are."""
        await self._fold(envelopes, held, ends_alerts=False)

    async def follow(self, alerts: Sequence[Envelope[Any]], held: Connection) -> None:
        """Open and close episodes as the events of the own store say."""
        alerts = [each for each in alerts if isinstance(each.event, AlertEvent)]
        concerned = {each.event.concerns_id for each in alerts if each.event.concerns_id}
        memories = await memory.load(held, {each.subject for each in alerts}, concerned)
        for each in alerts:
            known, key = memories[each.subject], str(each.stream_id)
            episodes = {other: episode for other, episode in known.state.open.items() if other != key}
            if is_open(each.event):
                episodes[key] = episode_of(each.event)
            memories[each.subject] = known.with_open(episodes)
        await memory.save(held, memories, (await self._rules.current(held)).book)

    async def _fold(
        self, envelopes: Sequence[Envelope[Any]], held: Connection, *, ends_alerts: bool = True
    ) -> list[Found]:
        """Return how alerts change."""
        by_customer: dict[UUID, list[Envelope[Any]]] = defaultdict(list)
        for envelope in await with_amounts(held, envelopes):
            if type(envelope.event) not in CONFIGURATION:
                by_customer[envelope.subject].append(envelope)
        book = await self._rules.last_read(held)
        loaded = await load_concerned(held, by_customer, book)
        rules = await self._rules.evaluating(held)
        if rules.book is not book:
            loaded = await load_concerned(held, by_customer, rules.book)
        loaded = await feature_rings.completed(held, loaded, rules.book, [each.id for each in envelopes])
        memories = loaded if ends_alerts else {key: each.with_open({}) for key, each in loaded.items()}
        changes = [*judged_again(memories, rules, self._clock()), *self._receive(by_customer, memories, rules.book)]
        if ends_alerts:
            moment = Moment(self._clock(), self._clock())
            memories = await shadow.watch(held, memories, dict.fromkeys(memories, moment), rules.book)
            await rule_failures.record(held, memories, rules.book, moment.now)
        else:
            opened = ((key, each.with_open(loaded[key].state.open)) for key, each in memories.items())
            memories = {key: with_shadow(each, rules.book) for key, each in opened}
        await memory.save(held, memories, rules.book)
        await holders.apply(envelopes, held)
        return changes

    def _receive(
        self, by_customer: Mapping[UUID, Sequence[Envelope[Any]]], memories: dict[UUID, Memory], rules: RuleBook
    ) -> Iterator[Found]:
        now = self._clock()
        for customer_id, own in by_customer.items():
            if merging.is_merging(memories[customer_id], own):
                for each, change, envelope in merging.receive_merging(customer_id, memories, own, rules, now):
                    yield each, change, caused_by(envelope)
            else:
                memories[customer_id], changes = receive(customer_id, memories[customer_id], own, rules, now)
                yield from ((customer_id, change, caused_by(envelope)) for change, envelope in changes)

    def committed(self) -> None:
        """Wake the readers of the store if events were appended. To be called after a commit."""
        if self._has_appended:
            self._has_appended = False
            self._store.wake()

    async def run_due(self) -> int:
        """Evaluate the customers that are due, and raise their alerts. Returns how many were due."""
        async with transaction(self._pool) as held:
            await keep_tables(held, CONSUMER)
            now = self._clock()
            due = await memory.due(held, CONSUMER, FEEDS, now, DUE_BATCH)
            if not due:
                return 0
            rules = await self._rules.evaluating(held)
            after = {customer_id: known for customer_id, (known, _) in due.items()}
            after = await feature_rings.completed(held, after, rules.book)
            changes = list(judged_again(after, rules, now))
            for customer_id, (_, complete_until) in due.items():
                after[customer_id], found = raise_due(customer_id, after[customer_id], rules.book, now, complete_until)
                changes += [(customer_id, change, by_timer(change)) for change in found]
            moments = {key: Moment(now, complete_until, is_complete=True) for key, (_, complete_until) in due.items()}
            after = await shadow.watch(held, after, moments, rules.book)
            await rule_failures.record(held, after, rules.book, now)
            await memory.save(held, after, rules.book)
            await self._append(held, changes)
        self.committed()
        return len(due)

    async def sweep(self, customer_ids: Sequence[UUID], rules: InForce, held: Connection) -> tuple[int, int]:
        """Evaluate customers again after the rules changed. Return how many alerts ended, and how many are due.

        The alerts that are overdue under the new rules are raised by `run_due`.
        """
        now = self._clock()
        loaded = await memory.load_whole(held, customer_ids)
        memories = await feature_rings.completed(held, loaded, rules.book)
        changes = list(judged_again(memories, replace(rules, swept_to=NOBODY_SWEPT), now))
        memories = await shadow.watch(held, memories, dict.fromkeys(memories, Moment(now, now)), rules.book)
        await rule_failures.record(held, memories, rules.book, now)
        changed = {key: each for key, each in memories.items() if each.stored or each.differs(loaded[key])}
        if changed:
            await memory.save(held, changed, rules.book)
        await self._append(held, changes)
        return len(changes), sum(each.next_due_at <= now for each in memories.values())

    async def has_due(self, held: Connection) -> bool:
        """Return whether customers are due that `run_due` would evaluate now."""
        return bool(await memory.due(held, CONSUMER, FEEDS, self._clock(), 1))

    async def append_pending(self, alert_ids: Collection[UUID]) -> None:
        """Append the events of the stored changes of alerts."""
        async with transaction(self._pool) as held:
            await keep_tables(held, CONSUMER)
            await self._appender.append_pending(held, alert_ids)
            await erasure.delete_late_texts(held, alert_ids)
        self._store.wake()

    async def _append(self, held: Connection, changes: Sequence[Found]) -> None:
        if changes:
            self._has_appended = True
            await self._appender.append(held, changes)


async def load_concerned(
    held: Connection, by_customer: Mapping[UUID, Sequence[Envelope[Any]]], rules: RuleBook
) -> dict[UUID, Memory]:
    """Return the customers that the events affect, each with the items that they concern."""
    events = list(chain(*by_customer.values()))
    items = {item_of(each) for each in events if type(each.event) in OF_ITEMS}
    memories = await memory.load(held, merging.affected_customers(events), items)
    memories |= await memory.load(held, merging.survivors_of(memories) - memories.keys(), items)
    memories |= await memory.load_following(held, following(events), items)
    concerning = [each for each in events if concerns_all(each, rules)]
    whole = {each.subject for each in concerning}
    changed = {each.subject for each in concerning if not isinstance(each.event, Merged | Unmerged)}
    whole |= merging.survivors_of({key: memories[key] for key in changed})
    return memories | await memory.load_whole(held, whole)


def following(events: Sequence[Envelope[Any]]) -> memory.Following:
    """Return the customers with changes that concern some of their items."""
    merges = [each for each in events if isinstance(each.event, Merged | Unmerged)]
    duplicates = {each.subject for each in merges}
    return memory.Following(
        owners={each.subject for each in events if isinstance(each.event, OwnerAssigned)},
        tiers={each.subject for each in events if isinstance(each.event, TierChanged)},
        survivors=merging.affected_customers(merges) - duplicates,
        duplicates=duplicates,
    )


def judged_again(memories: dict[UUID, Memory], rules: InForce, now: datetime) -> Iterator[Found]:
    """Evaluate the memories that no sweep has reached yet under the present rules, and yield how their alerts end."""
    for customer_id, known in memories.items():
        if not rules.is_swept(customer_id):
            memories[customer_id], found = judge_again(customer_id, known, rules, now)
            yield from ((customer_id, change, by_timer(change)) for change in found)


def caused_by(envelope: Envelope[Any]) -> Metadata:
    cause = envelope.metadata
    return Metadata(
        actor=ACTOR.name, correlation_id=cause.correlation_id, causation_id=envelope.id, traceparent=cause.traceparent
    )


def by_timer(change: Change) -> Metadata:
    """Return the metadata of a change that no event caused. A raised alert is caused by the start of its silence."""
    return Metadata(actor=ACTOR.name, correlation_id=str(change.alert_id), causation_id=change.cause)


def is_open(event: AlertEvent) -> bool:
    """Return whether the alert is open after the event, under the customer of the event."""
    return event.status is not Status.RESOLVED and not isinstance(event, AlertCarriedAway)

"""Derives the memories of customers from the fact log, and their open alerts from the store (P6).

The result equals what the detector maintains, except that a due time may be earlier. Nothing is raised or ended.
"""

from collections import defaultdict
from collections.abc import Collection, Container
from typing import Any, Final, TypeAlias
from uuid import UUID

from asyncpg import Record

from chassis.consume.fact_log.model import DELETE
from chassis.postgres.database import Connection
from chassis.runtime.clock import Clock, utc_now
from chassis.store.event_store import COLUMNS, recorded
from chassis.store.mapper import EventMapper
from contracts.cloudevents import type_of
from contracts.event import Envelope, Metadata, Origin
from contracts.topics import EVENT_TYPES, OPENS
from services.alerts.detection import memory, pending_changes
from services.alerts.detection.carrying_back import carried_back
from services.alerts.detection.folding import fold
from services.alerts.detection.received import TOPICS, is_evaluated
from services.alerts.detection.stored_segments import OF_SEGMENTS
from services.alerts.detection.undoing import within
from services.alerts.engine.episode import Episode, episode_of
from services.alerts.engine.episodes import CustomerState
from services.alerts.engine.rule_book import RuleBook, Rules
from services.alerts.projection import holders
from services.alerts.queries.linked import linked

# The feed and the position of a fact.
Place: TypeAlias = tuple[str, int]

PAGE: Final = 500
OPEN_TYPES: Final = list(map(type_of, OPENS))
# The log has no row numbers, and the engine needs none.
ANY_ROW: Final = 1

FACTS = """
    SELECT feed, position, customer_id, stream_id, version, type, event_id, occurred_at, recorded_at, actor, batch,
        data::text AS data
    FROM fact
"""
# Within a feed, the order is that of the positions, whatever the clock said.
READ = f"""
    {FACTS} WHERE customer_id = ANY($1)
    ORDER BY max(recorded_at) OVER (PARTITION BY feed ORDER BY position), feed, position
"""
# An earlier build kept no facts: until a rebuild, the first ones are missing.
IS_WHOLE = "SELECT coalesce(min(position), 1) = 1 FROM fact WHERE feed = $1"
CUSTOMERS_AFTER = "SELECT DISTINCT customer_id FROM fact WHERE feed = $1 AND position > $2"
HAS_SEGMENTS_AFTER = f"SELECT EXISTS (SELECT FROM fact WHERE {OF_SEGMENTS} AND feed = $1 AND position > $2)"  # noqa: S608
FORGET_SWEEPS = "DELETE FROM rule_sweep"
NEXT = "SELECT DISTINCT customer_id FROM fact WHERE customer_id > $1 ORDER BY customer_id LIMIT $2"
GROUP = f"{linked('unnest($1::uuid[])')} SELECT customer_id FROM linked"  # noqa: S608 - fixed text
OPEN = f"""
    SELECT {COLUMNS} FROM event e WHERE subject = ANY($1) AND type = ANY($2)
        AND NOT EXISTS (SELECT FROM event l WHERE l.stream_id = e.stream_id AND l.version > e.version)
"""  # noqa: S608


class Derivation:
    """Derives the tables `silence`, `silence_item` and `customer_holders`. Needs the owner of the tables."""

    def __init__(self, mapper: EventMapper, rules: Rules, clock: Clock = utc_now) -> None:
        self._mapper = mapper
        self._rules = rules
        self._clock = clock

    async def derive_all(self, held: Connection) -> RuleBook:
        """Derive the rows of every customer, PAGE customers at a time. Return the rules under which all are derived."""
        rules = (await self._rules.current(held)).book
        last, done = UUID(int=0), set[UUID]()
        while page := [each for (each,) in await held.fetch(NEXT, last, PAGE)]:
            last = page[-1]
            done |= await self._derive(held, set(page) - done, rules) - set(page)
        return rules

    async def derive(self, held: Connection, customer_ids: Collection[UUID], later: Container[Place] = ()) -> set[UUID]:
        """Derive the rows of customers, and of all of their groups, as if no fact of `later` had been received.

        Return the customers of the groups.
        """
        return await self._derive(held, customer_ids, (await self._rules.current(held)).book, later)

    async def _derive(
        self,
        held: Connection,
        customer_ids: Collection[UUID],
        rules: RuleBook,
        later: Container[Place] = (),
        *,
        has_lost_facts: bool = False,
    ) -> set[UUID]:
        group = await self._group(held, customer_ids)
        facts = [fact for fact in await held.fetch(READ, group) if evaluated(fact)]
        envelopes = [envelope_of(fact) for fact in facts if (fact["feed"], fact["position"]) not in later]
        memories = fold(within(envelopes), rules, self._clock())
        stored, now = await self._open_episodes(held, group), self._clock()
        if has_lost_facts:
            changes = list(carried_back(memories, stored, now))
            await pending_changes.store(held, changes)
            for customer_id, change, _ in changes:
                pending_changes.change_episode(customer_id, change, stored)
        for customer_id in memories.keys() | stored.keys():
            known, episodes = memories[customer_id], stored.get(customer_id, {})
            # What the fold has raised at once is open only if the store says so; the next look decides the rest.
            derived = known.with_state(CustomerState(known.state.facts, episodes, now))
            memories[customer_id] = derived.due_by(now, now) if episodes or known.state.open else derived
        await memory.replace_with(held, group, memories, rules)
        await holders.derive(group, envelopes, held)
        return set(group)

    async def delete_after(self, held: Connection, feed: str, position: int) -> None:
        """Delete the facts of a feed after a position, as if they had never been received, and derive again.

        The next timer ends alerts that were raised because of them; alerts that they ended stay ended. Open alerts are
        carried back from lost merges. If the log lacks the facts of before an upgrade, nothing is derived: what is
        known stays until a rebuild.
        """
        customers = [each for (each,) in await held.fetch(CUSTOMERS_AFTER, feed, position)]
        lost_segments = await held.fetchval(HAS_SEGMENTS_AFTER, feed, position)
        group = await self._group(held, customers)
        is_whole = all([await held.fetchval(IS_WHOLE, topic.owner) for topic in TOPICS])
        await held.execute(DELETE, feed, position)
        if lost_segments:
            # All customers were judged under the rules of before, but then under other segments.
            await held.execute(FORGET_SWEEPS)
        if is_whole:
            await self._derive(held, group, (await self._rules.current(held)).book, has_lost_facts=True)

    async def _group(self, held: Connection, customer_ids: Collection[UUID]) -> list[UUID]:
        return [each for (each,) in await held.fetch(GROUP, list(customer_ids))]

    async def _open_episodes(self, held: Connection, customer_ids: Collection[UUID]) -> dict[UUID, dict[str, Episode]]:
        """Return the episodes of the alerts that are open after their events and stored changes, by customer."""
        found: dict[UUID, dict[str, Episode]] = defaultdict(dict)
        for row in await held.fetch(OPEN, list(customer_ids), OPEN_TYPES):
            envelope = self._mapper.to_envelope(recorded(row))
            found[envelope.subject][str(envelope.stream_id)] = episode_of(envelope.event)
        await pending_changes.change_episodes(held, customer_ids, found)
        return found


def evaluated(fact: Record) -> bool:
    return is_evaluated(fact["type"], is_imported=fact["batch"] is not None)


def envelope_of(fact: Record) -> Envelope[Any]:
    """Return the event of a fact. Its correlation is not stored, and is that of the event itself."""
    return Envelope(
        id=fact["event_id"],
        subject=fact["customer_id"],
        stream_id=fact["stream_id"],
        version=fact["version"],
        position=fact["position"],
        occurred_at=fact["occurred_at"],
        recorded_at=fact["recorded_at"],
        metadata=Metadata(
            actor=fact["actor"],
            correlation_id=str(fact["event_id"]),
            origin=Origin(batch_id=fact["batch"], row=ANY_ROW) if fact["batch"] else None,
        ),
        event=EVENT_TYPES[fact["type"]].model_validate_json(fact["data"]),
    )

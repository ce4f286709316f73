"""Stores the engine's state: one row per customer, under whose lock all is read and written, and one per open item."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from asyncpg import Record
from msgspec import Struct
from msgspec.structs import replace

from chassis.kafka.client import partition_of
from chassis.postgres.database import Connection
from contracts.topics import PARTITIONS
from services.alerts.detection.packing import packed, unpacked
from services.alerts.engine.absorbing import with_absorbed
from services.alerts.engine.episode import Episode
from services.alerts.engine.episodes import CustomerState, Evaluation
from services.alerts.engine.facts import Facts
from services.alerts.engine.items import Item, ItemId, divide, due_at, follows_owner, follows_tier, unite
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.stretch import NEVER_DUE

EMPTY = packed(CustomerState())

BEGIN = """
    INSERT INTO silence (customer_id, partition, rest, next_due_at, rest_due_at)
    SELECT *, $3, $4, $4 FROM unnest($1::uuid[], $2::smallint[]) ON CONFLICT DO NOTHING
"""
LOAD = """
    SELECT customer_id, rest, next_due_at, rest_due_at, judged_until FROM silence
    WHERE customer_id = ANY($1) ORDER BY customer_id FOR UPDATE
"""
CONCERNED_ITEMS = """
    SELECT customer_id, owner_id, concerns_id, state FROM silence_item
    WHERE customer_id = ANY($1) AND concerns_id = ANY($2)
"""
FOLLOWING_ITEMS = """
    SELECT customer_id, owner_id, concerns_id, state FROM silence_item
    WHERE customer_id = ANY($1) AND (
        concerns_id = ANY($2) OR (has_open AND follows_owner AND customer_id = ANY($3))
        OR (follows_tier AND customer_id = ANY($4)) OR owner_id = ANY($5)
    )
"""
ALL_ITEMS = "SELECT customer_id, owner_id, concerns_id, state FROM silence_item WHERE customer_id = ANY($1)"
DUE_ITEMS = """
    SELECT customer_id, owner_id, concerns_id, state FROM silence_item
    JOIN unnest($1::uuid[], $2::timestamptz[]) AS due(customer_id, instant) USING (customer_id)
    WHERE next_due_at <= instant
"""
OTHERS_DUE = """
    SELECT due.customer_id, first.next_due_at
    FROM unnest($1::uuid[], $2::timestamptz[]) AS due(customer_id, instant), LATERAL (
        SELECT i.next_due_at FROM silence_item i
        WHERE i.customer_id = due.customer_id AND i.next_due_at > due.instant ORDER BY i.next_due_at LIMIT 1
    ) AS first
"""
# A customer is due once the wall clock and both feeds have passed the time (P5). A customer with parked events is
# incomplete, whatever the watermark says. Events of duplicates arrive on other partitions. The bound over all
# partitions lets PostgreSQL use the index.
DUE = """
    WITH complete AS (
        SELECT partition, min(watermark) AS until FROM consumer_position
        WHERE consumer = $1 AND topic = ANY($2) GROUP BY partition HAVING count(*) = cardinality($2)
    )
    SELECT s.customer_id, s.rest, s.next_due_at, s.rest_due_at, s.judged_until,
        least(CASE WHEN s.absorbs THEN (SELECT min(until) FROM complete) ELSE c.until END, $3) AS instant
    FROM silence s JOIN complete c ON c.partition = s.partition
    WHERE s.next_due_at <= (SELECT least(max(until), $3) FROM complete) AND s.next_due_at <= least(c.until, $3)
        AND (NOT s.absorbs OR s.next_due_at <= (SELECT min(until) FROM complete))
        AND NOT EXISTS (SELECT FROM parked_event p WHERE p.consumer = $1 AND p.subject = s.customer_id)
    ORDER BY s.next_due_at LIMIT $4 FOR UPDATE OF s SKIP LOCKED
"""
SAVE = """
    UPDATE silence s
    SET rest = n.rest, next_due_at = n.next_due_at, rest_due_at = n.rest_due_at, absorbs = n.absorbs,
        judged_until = n.judged_until
    FROM unnest($1::uuid[], $2::bytea[], $3::timestamptz[], $4::timestamptz[], $5::boolean[], $6::timestamptz[])
        AS n(customer_id, rest, next_due_at, rest_due_at, absorbs, judged_until)
    WHERE s.customer_id = n.customer_id
"""
SAVE_ITEMS = """
    INSERT INTO silence_item (
        customer_id, owner_id, concerns_id, state, has_open, follows_owner, follows_tier, next_due_at
    )
    SELECT * FROM unnest(
        $1::uuid[], $2::uuid[], $3::uuid[], $4::bytea[], $5::boolean[], $6::boolean[], $7::boolean[], $8::timestamptz[]
    )
    ON CONFLICT (customer_id, concerns_id, owner_id) DO UPDATE SET state = excluded.state, has_open = excluded.has_open,
        follows_owner = excluded.follows_owner, follows_tier = excluded.follows_tier, next_due_at = excluded.next_due_at
"""
DELETE_ITEMS = """
    DELETE FROM silence_item WHERE (customer_id, owner_id, concerns_id)
        IN (SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]))
"""

DELETE = (
    "DELETE FROM silence_item WHERE customer_id = ANY($1)",
    "DELETE FROM silence WHERE customer_id = ANY($1)",
)


class Following(NamedTuple):
    """The customers with changes that concern some of their items: another owner, another tier, and a merge.

    `duplicates` are merged into `survivors`, or released from them.
    """

    owners: set[UUID]
    tiers: set[UUID]
    survivors: set[UUID]
    duplicates: set[UUID]

    @property
    def customers(self) -> set[UUID]:
        return self.owners | self.tiers | self.survivors


class Memory(Struct, frozen=True, gc=False):
    """One customer's state, and lower bounds of the times of its next evaluations.

    `rest` has no items. `items` are those that were loaded, `stored`, and new ones. No item is due before
    `items_due_at`, no item that was not loaded before `others_due_at`, and nothing else before `rest_due_at`.
    """

    rest: CustomerState
    rest_due_at: datetime
    items_due_at: datetime
    items: dict[ItemId, Item] = {}
    stored: frozenset[ItemId] = frozenset()
    others_due_at: datetime = NEVER_DUE

    @property
    def facts(self) -> Facts:
        """Return the facts without items."""
        return self.rest.facts

    @property
    def state(self) -> CustomerState:
        """Return the state with the items."""
        return unite(self.rest, self.items)

    @property
    def next_due_at(self) -> datetime:
        return min(self.rest_due_at, self.items_due_at)

    def with_state(self, state: CustomerState) -> "Memory":
        """Return the memory with another state of the same customer."""
        rest, items = divide(state)
        return replace(self, rest=rest, items=items)

    def due_by(self, rest_due_at: datetime, items_due_at: datetime) -> "Memory":
        """Return the memory with due times that are not later than these."""
        rest_due_at, items_due_at = min(self.rest_due_at, rest_due_at), min(self.items_due_at, items_due_at)
        return replace(self, rest_due_at=rest_due_at, items_due_at=items_due_at)

    def after(self, evaluation: Evaluation) -> "Memory":
        """Return the memory after an evaluation, which may not have been of all rules, nor with all items."""
        return self.with_state(evaluation.state).due_by(evaluation.rest_due_at, evaluation.items_due_at)

    def differs(self, other: "Memory") -> bool:
        """Return whether more has changed than the time of the last look."""
        is_same = self.facts == other.facts and self.rest.open == other.rest.open and self.items == other.items
        dues = self.rest_due_at, self.items_due_at
        return not is_same or dues != (other.rest_due_at, other.items_due_at)

    def with_facts(self, facts: Facts) -> "Memory":
        """Return the memory with other facts, which have no items either."""
        return replace(self, rest=replace(self.rest, facts=facts))

    def with_items(self, items: dict[ItemId, Item]) -> "Memory":
        return replace(self, items=items)

    def with_open(self, episodes: dict[str, Episode]) -> "Memory":
        return self.with_state(replace(self.state, open=episodes))


async def load(held: Connection, customer_ids: Iterable[UUID], concerns_ids: Collection[UUID]) -> dict[UUID, Memory]:
    """Return the memory of each customer with some of its items, locked. New customers start empty."""
    ordered = sorted(set(customer_ids))
    rows = await lock(held, ordered)
    return memories_of(rows, await held.fetch(CONCERNED_ITEMS, ordered, concerns_ids) if rows and concerns_ids else ())


async def load_following(held: Connection, following: Following, concerns_ids: Collection[UUID]) -> dict[UUID, Memory]:
    """Return the memory of each customer with some of its items, and with those that its changes concern, locked."""
    if not (ordered := sorted(following.customers)):
        return {}
    changes = following.owners, following.tiers, following.duplicates
    return memories_of(await lock(held, ordered), await held.fetch(FOLLOWING_ITEMS, ordered, concerns_ids, *changes))


async def load_whole(held: Connection, customer_ids: Iterable[UUID]) -> dict[UUID, Memory]:
    """Return the memory of each customer with all its items, locked. New customers start empty."""
    ordered = sorted(set(customer_ids))
    rows = await lock(held, ordered)
    return memories_of(rows, await held.fetch(ALL_ITEMS, ordered)) if rows else {}


async def lock(held: Connection, ordered: Sequence[UUID]) -> Sequence[Record]:
    """Return the rows of customers, locked in id order to avoid deadlocks."""
    rows: Sequence[Record] = await held.fetch(LOAD, ordered) if ordered else []
    if len(rows) == len(ordered):
        return rows
    partitions = [partition_of(str(customer_id).encode(), PARTITIONS) for customer_id in ordered]
    await held.execute(BEGIN, ordered, partitions, EMPTY, NEVER_DUE)
    return await held.fetch(LOAD, ordered)


async def due(
    held: Connection, consumer: str, topics: list[str], now: datetime, limit: int
) -> dict[UUID, tuple[Memory, datetime]]:
    """Return customers that are due, locked, with the items that are due.

    Each has the instant up to which its facts are complete.
    """
    rows = await held.fetch(DUE, consumer, topics, now, limit)
    instants = {row["customer_id"]: row["instant"] for row in rows}
    wanted = list(instants), list(instants.values())
    memories = memories_of(rows, await held.fetch(DUE_ITEMS, *wanted)) if rows else {}
    others = {row["customer_id"]: row["next_due_at"] for row in await held.fetch(OTHERS_DUE, *wanted)} if rows else {}
    return {
        key: (replace(known, others_due_at=others.get(key, NEVER_DUE)), instants[key])
        for key, known in memories.items()
    }


async def save(held: Connection, memories: Mapping[UUID, Memory], rules: RuleBook) -> None:
    """Write the memories and the items that were loaded or are new; delete those that are settled."""
    await held.execute(
        SAVE,
        list(memories),
        [packed(known.rest) for known in memories.values()],
        [known.next_due_at for known in memories.values()],
        [known.rest_due_at for known in memories.values()],
        [bool(known.facts.absorbed) for known in memories.values()],
        [known.rest.judged_until for known in memories.values()],
    )
    saved = [row for customer_id, known in memories.items() for row in rows_of(customer_id, known, rules)]
    settled = [
        key_of(customer_id, item_id)
        for customer_id, known in memories.items()
        for item_id in known.stored - known.items.keys()
    ]
    if settled:
        await held.execute(DELETE_ITEMS, *map(list, zip(*settled, strict=True)))
    if saved:
        await held.execute(SAVE_ITEMS, *map(list, zip(*saved, strict=True)))


async def replace_with(
    held: Connection, customer_ids: Collection[UUID], memories: Mapping[UUID, Memory], rules: RuleBook
) -> None:
    """Delete what is stored of customers, and write these memories. Needs the owner of the tables."""
    for statement in DELETE:
        await held.execute(statement, list(customer_ids))
    await lock(held, sorted(memories))
    await save(held, memories, rules)


def rows_of(customer_id: UUID, known: Memory, rules: RuleBook) -> list[tuple[object, ...]]:
    """Return the rows of the items of a memory."""
    if not known.items:
        return []
    rest = with_absorbed(known.facts)
    return [
        (
            *key_of(customer_id, item_id),
            packed(item),
            bool(item.open),
            follows_owner(item),
            follows_tier(item),
            due_at(rest, item, rules),
        )
        for item_id, item in known.items.items()
    ]


def key_of(customer_id: UUID, item_id: ItemId) -> tuple[UUID, UUID, UUID]:
    return customer_id, item_id.duplicate_id or customer_id, item_id.concerns_id


def memories_of(rows: Sequence[Record], items: Sequence[Record]) -> dict[UUID, Memory]:
    by_customer: dict[UUID, dict[ItemId, Item]] = defaultdict(dict)
    for row in items:
        customer_id, owner_id = row["customer_id"], row["owner_id"]
        item_id = ItemId(row["concerns_id"], None if owner_id == customer_id else owner_id)
        by_customer[customer_id][item_id] = unpacked(row["state"])
    return {row["customer_id"]: memory_of(row, by_customer[row["customer_id"]]) for row in rows}


def memory_of(row: Record, items: dict[ItemId, Item]) -> Memory:
    rest, stored = unpacked(row["rest"]), frozenset(items)
    if row["judged_until"]:
        rest = replace(rest, judged_until=row["judged_until"])
    # What an earlier build wrote may have its items within.
    divided = divide(rest)
    next_due_at = row["next_due_at"]
    return Memory(divided.rest, row["rest_due_at"] or next_due_at, next_due_at, divided.items | items, stored)

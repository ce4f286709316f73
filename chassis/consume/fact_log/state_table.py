"""State tables: each is one SELECT over facts, used live, in a rebuild, and as of two instants.

The text of a SELECT reads `FROM facts`, and may start with WITH. `facts` holds the facts that the table derives from,
with the columns of `fact` and `key`, the value of the table's primary key. The facts of a key are in the order of
`position`. A SELECT returns no row for a key whose beginning is missing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final
from uuid import UUID

import msgspec

from chassis.consume.fact_log.fact import OBJECT, Fact
from chassis.postgres.database import Connection

KEYS, OCCURRED_BY, RECORDED_BY = "$1::uuid[]", "$2::timestamptz", "$3::timestamptz"
LATER = "feed = $1 AND position > $2"
# In the order of the keys, so that two transactions never wait for each other.
LOCK = """
    SELECT count(pg_advisory_xact_lock(hashtext($1), hashtext(key::text)))
    FROM (SELECT key FROM unnest($2::uuid[]) AS touched(key) ORDER BY hashtext(key::text)) AS ordered
"""
STREAM: Final = "stream_id"


@dataclass(frozen=True, slots=True)
class FactSource:
    """Facts of some types, with the key of the row that they change: their stream, or a field of their data.

    `spans_partitions`: facts of one key may be on several partitions of a topic.
    """

    types: frozenset[str]
    field: str = STREAM
    spans_partitions: bool = False

    @property
    def key(self) -> str:
        """The key as an SQL expression."""
        return STREAM if self.field == STREAM else f"(data ->> '{self.field}')::uuid"

    def key_of(self, fact: Fact) -> UUID:
        if self.field == STREAM:
            return fact.stream_id
        return msgspec.json.decode(OBJECT.decode(fact.data)[self.field], type=UUID)

    def select(self, condition: str) -> str:
        """Return the SELECT of its facts. `condition` may contain `{key}`."""
        types = ", ".join(f"'{each}'" for each in sorted(self.types))
        where = condition.format(key=self.key)
        return f"SELECT *, {self.key} AS key FROM fact WHERE type IN ({types}) AND {where}"  # noqa: S608


class StateTable:
    """The table `name` with the uuid primary key `key`. `select` is the text of its SELECT over `facts`.

    `columns` are those of the SELECT, in its order. Facts of several sources, or of one that spans partitions, may
    arrive in different transactions of different processes, so rows of such a table are locked while they are derived.
    """

    def __init__(self, name: str, key: str, columns: Sequence[str], select: str, *sources: FactSource) -> None:
        self.name = name
        self.sources = sources
        self._key = key
        self._select = select
        listed = ", ".join(columns)
        changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column != key)
        self._insert = f"INSERT INTO {name} ({listed})"
        self._upsert = (
            f"{self.query(f'{{key}} = ANY({KEYS})', self._insert)} ON CONFLICT ({key}) DO UPDATE SET {changes}"
        )

    def query(self, condition: str = "true", before: str = "") -> str:
        """Return the SELECT over the facts that meet a condition, with the text `before` in front of it."""
        return f"WITH facts AS ({self._facts(condition)}) {before} SELECT * FROM ({self._select}) AS state"  # noqa: S608

    def as_of(self) -> str:
        """Return the SELECT of the rows with the keys $1 as of $2 (occurred) and $3 (recorded)."""
        return self.query(f"{{key}} = ANY({KEYS}) AND occurred_at <= {OCCURRED_BY} AND recorded_at <= {RECORDED_BY}")

    async def update(self, held: Connection, keys: Collection[UUID]) -> None:
        """Derive the rows with these keys from all their facts."""
        if len(self.sources) > 1 or any(source.spans_partitions for source in self.sources):
            await held.execute(LOCK, self.name, list(keys))
        await held.execute(self._upsert, list(keys))

    async def fill(self, held: Connection) -> None:
        """Fill the empty table from all facts."""
        await held.execute(self.query(before=self._insert))

    async def keys_after(self, held: Connection, feed: str, position: int) -> list[UUID]:
        """Return the keys of the rows that the facts of a feed after a position change."""
        keys = f"SELECT DISTINCT key FROM ({self._facts(LATER)}) AS later"  # noqa: S608
        return [key for (key,) in await held.fetch(keys, feed, position)]

    async def derive_again(self, held: Connection, keys: Collection[UUID]) -> None:
        """Derive the rows with these keys after facts were deleted: a row without a beginning disappears.

        No other transaction may derive rows meanwhile, because none are locked.
        """
        await held.execute(f"DELETE FROM {self.name} WHERE {self._key} = ANY({KEYS})", list(keys))  # noqa: S608
        await held.execute(self._upsert, list(keys))

    def _facts(self, condition: str) -> str:
        return " UNION ALL ".join(source.select(condition) for source in self.sources)


@cache
def sources_by_type(tables: tuple[StateTable, ...]) -> Mapping[str, Sequence[tuple[StateTable, FactSource]]]:
    """Return the tables that derive from each type of fact, with the source."""
    found: dict[str, list[tuple[StateTable, FactSource]]] = defaultdict(list)
    for table in tables:
        for source in table.sources:
            for each in source.types:
                found[each].append((table, source))
    return found


def touched(tables: tuple[StateTable, ...], facts: Iterable[Fact]) -> Mapping[StateTable, set[UUID]]:
    """Return the keys of the rows that facts change, by table."""
    sources = sources_by_type(tables)
    keys: dict[StateTable, set[UUID]] = defaultdict(set)
    for fact in facts:
        for table, source in sources.get(fact.type, ()):
            keys[table].add(source.key_of(fact))
    return keys

"""The handler of a consumer that keeps a fact log and the state tables derived from it."""

from collections.abc import Sequence

from chassis.consume.fact_log.fact import Fact
from chassis.consume.fact_log.state_table import StateTable, touched
from chassis.postgres.database import Connection

FACT = "fact"
DELETE = "DELETE FROM fact WHERE feed = $1 AND position > $2"


async def append(facts: Sequence[Fact], held: Connection) -> None:
    """Append facts to the log."""
    await held.copy_records_to_table(FACT, records=facts, columns=Fact._fields)


class FactModel:
    """The fact log with some state tables."""

    def __init__(self, tables: Sequence[StateTable]) -> None:
        self._tables = tuple(tables)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all its tables."""
        return (FACT, *(table.name for table in self._tables))

    async def apply(self, facts: Sequence[Fact], held: Connection) -> None:
        """Append facts and update the rows that they change. The consumer calls this inside its own transaction."""
        await append(facts, held)
        for table, keys in touched(self._tables, facts).items():
            await table.update(held, keys)

    async def derive(self, held: Connection) -> None:
        """Fill the empty state tables from all facts."""
        for table in self._tables:
            await table.fill(held)

    async def delete_after(self, held: Connection, feed: str, position: int) -> None:
        """Delete the facts of a feed after a position, as if they had never been received.

        After a restore, its store assigns these positions to other events. Needs the owner of the tables.
        """
        changed = [(table, await table.keys_after(held, feed, position)) for table in self._tables]
        await held.execute(DELETE, feed, position)
        for table, keys in changed:
            await table.derive_again(held, keys)

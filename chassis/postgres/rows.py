"""Read-model rows as dataclasses: loaded by key, changed in memory, saved in batches."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Generic, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from chassis.postgres.database import Connection

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")


class Rows(Generic[R]):
    """The table `name` with one column for each field of `row_class` and the uuid primary key `key`.

    `written_once`: each row comes from one event. The applier applies no event twice, so rows are inserted without
    a check for existing ones.
    """

    def __init__(self, name: str, row_class: type[R], key: str, *, written_once: bool = False) -> None:
        columns = [field.name for field in fields(row_class)]
        listed = ", ".join(columns)
        updates = ", ".join(f"{column} = excluded.{column}" for column in columns if column != key)
        self._name = name
        self._columns = columns
        self._values = attrgetter(*columns)
        self._written_once = written_once
        self._class = row_class
        self._key = key
        self._adapter = TypeAdapter(list[row_class])  # type: ignore[valid-type]
        # The names come from our own classes, never from a request.
        self._load = f"SELECT {listed} FROM {name} WHERE {key} = ANY($1) ORDER BY {key} FOR UPDATE"  # noqa: S608
        self._save = (
            f"INSERT INTO {name} ({listed}) SELECT {listed} FROM json_populate_recordset(NULL::{name}, $1::json)"  # noqa: S608
            f" ON CONFLICT ({key}) DO UPDATE SET {updates}"
        )

    async def load(self, held: Connection, keys: Iterable[UUID]) -> dict[UUID, R]:
        """Lock and return the existing rows by key. The locks are taken in key order, so two batches never deadlock."""
        wanted = list(set(keys))
        rows = await held.fetch(self._load, wanted) if wanted else []
        return {row[self._key]: self._class(**row) for row in rows}

    async def save(self, held: Connection, rows: Sequence[R]) -> None:
        if rows and self._written_once:
            await held.copy_records_to_table(self._name, records=map(self._values, rows), columns=self._columns)
        elif rows:
            await held.execute(self._save, self._adapter.dump_json(list(rows)).decode())

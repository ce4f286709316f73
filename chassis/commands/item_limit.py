"""Limits how many items of one kind a customer can have, for example open tasks.

Guarantee. Concurrent commands may exceed a limit by a few items, but a read model that is late or has parked events
does not: items that it does not show yet are counted by their events. A customer that is far from its limit is not
counted for each command, so each further process may exceed the limit by up to MAX_ALLOWANCE items.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cachetools import TTLCache

from chassis.commands.command import Command
from chassis.commands.decider import RejectedError
from chassis.postgres.database import Pool
from contracts.cloudevents import type_of
from contracts.event import Event

TOO_MANY = "too-many-items"
# A process may add this share of what is left without counting again, at most MAX_ALLOWANCE, for a short time.
SHARE = 10
MAX_ALLOWANCE = 50
ALLOWANCE_SECONDS = 10.0
CACHED_ALLOWANCES = 10_000
# Each count ends at the limit. `{table}` and `{condition}` come from our own code, never from a request.
COUNT = """
    SELECT (SELECT count(*) FROM (SELECT FROM {table} WHERE customer_id = $1 AND {condition} LIMIT $2) AS listed)
        + (SELECT count(*) FROM (
            SELECT FROM event WHERE subject = $1 AND type = ANY($3) AND position > coalesce(
                (SELECT max(position) FROM consumer_position WHERE consumer = $4), 0) LIMIT $2) AS not_listed)
        + (SELECT count(*) FROM (
            SELECT FROM parked_event WHERE consumer = $4 AND subject = $1 LIMIT $2) AS parked)
"""


class TooManyItemsError(RejectedError):
    """The customer has as many items of this kind as are allowed."""


@dataclass(frozen=True, slots=True)
class ItemKind:
    """Items of one kind: at most `limit` rows of `table` of a customer may meet `condition`.

    An item is added by an event of the types `opened_by` that begins a stream, or by one of the types `reopened_by`.
    Commands of the types `exempt` are limited in another way. `en` and `zh` say what the items are called, and the
    remedies what to do.
    """

    limit: int
    table: str
    opened_by: tuple[type[Event], ...]
    en: str
    zh: str
    reopened_by: tuple[type[Event], ...] = ()
    condition: str = "true"
    remedy_en: str = ""
    remedy_zh: str = ""
    exempt: tuple[type[Command], ...] = ()


@dataclass(slots=True)
class Allowance:
    """How many items may be added to a customer before they are counted again."""

    left: int


class ItemLimit:
    """The limit of one kind. `consumer` is the one that keeps the table of these items."""

    def __init__(self, pool: Pool, consumer: str, kind: ItemKind) -> None:
        self._pool = pool
        self._consumer = consumer
        self._kind = kind
        self._count = COUNT.format(table=kind.table, condition=kind.condition)
        self._allowances: TTLCache[UUID, Allowance] = TTLCache(CACHED_ALLOWANCES, ALLOWANCE_SECONDS)
        self._types = [type_of(each) for each in (*kind.opened_by, *kind.reopened_by)]

    async def check(self, customer_id: UUID, command: Command, events: Sequence[Any], *, is_new: bool) -> None:
        """Raise TooManyItemsError if the events add an item, and the customer has as many as are allowed.

        `is_new`: they begin a stream.
        """
        kind = self._kind
        adding = kind.opened_by if is_new else kind.reopened_by
        if isinstance(command, kind.exempt) or not any(isinstance(event, adding) for event in events):
            return
        allowance = self._allowances.get(customer_id)
        if allowance and allowance.left > 0:
            allowance.left -= 1
            return
        count = await self._pool.fetchval(self._count, customer_id, kind.limit, self._types, self._consumer)
        self._allowances[customer_id] = Allowance(min((kind.limit - count) // SHARE, MAX_ALLOWANCE))
        if count >= kind.limit:
            raise TooManyItemsError(
                TOO_MANY,
                f"A customer can have at most {kind.limit} {kind.en}.{kind.remedy_en}",
                f"每个客户最多 {kind.limit} {kind.zh}。{kind.remedy_zh}",
            )

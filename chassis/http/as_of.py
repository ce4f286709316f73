"""Bitemporal queries: the state at an instant, by the time events occurred, by the time they were recorded, or both.

`as_of` selects by `occurred_at`, `as_recorded` by `recorded_at`. With both, the result is the state at `as_of`
according to what had been recorded by `as_recorded`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query

from contracts.event import Envelope
from contracts.types import Instant


@dataclass(frozen=True, slots=True)
class AsOf:
    """The two instants of a query; an absent one means now."""

    occurred_by: datetime | None = None
    recorded_by: datetime | None = None

    @property
    def is_past(self) -> bool:
        return self.occurred_by is not None or self.recorded_by is not None

    def includes(self, envelope: Envelope[Any]) -> bool:
        is_known = self.recorded_by is None or envelope.recorded_at <= self.recorded_by
        return is_known and (self.occurred_by is None or envelope.occurred_at <= self.occurred_by)

    def in_order(self, included: Sequence[Envelope[Any]]) -> list[Envelope[Any]]:
        """Return the included events of one stream in the order in which they apply; none if it had not begun.

        With `occurred_by`, they apply in the order in which they occurred, also those recorded late.
        """
        if not included or included[0].version != 1:
            return []
        first, *others = included
        if self.occurred_by is not None:
            others.sort(key=lambda envelope: (envelope.occurred_at, envelope.version))
        return [first, *others]


async def as_of_query(
    as_of: Annotated[Instant | None, Query(description="The state at this instant, by occurrence time.")] = None,
    as_recorded: Annotated[Instant | None, Query(description="The state as recorded by this instant.")] = None,
) -> AsOf:
    return AsOf(as_of, as_recorded)


AsOfQuery = Annotated[AsOf, Depends(as_of_query)]

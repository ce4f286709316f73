"""Questions about the past on two clocks: what was so then, and what was known then.

`as_of` asks by when things happened, `as_recorded` by when the store learned of them; both together ask what was
believed, at the one instant, to have been so at the other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query

from contracts.event import Envelope
from contracts.types import Instant

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class AsOf:
    """The two instants of a question; an absent one is now."""

    occurred_by: datetime | None = None
    recorded_by: datetime | None = None

    @property
    def is_past(self) -> bool:
        return self.occurred_by is not None or self.recorded_by is not None

    def includes(self, envelope: Envelope[Any]) -> bool:
        is_known = self.recorded_by is None or envelope.recorded_at <= self.recorded_by
        return is_known and (self.occurred_by is None or envelope.occurred_at <= self.occurred_by)

    def fold(self, envelopes: Sequence[Envelope[Any]], project: Callable[[R | None, Envelope[Any]], R]) -> R | None:
        """Return what the facts of one stream, in their order, amount to; None where the stream had not begun.

        Where it is asked what was so, facts that were recorded late stand where they belong.
        """
        first, *others = envelopes
        if not self.includes(first):
            return None
        if self.occurred_by is not None:
            others.sort(key=lambda envelope: (envelope.occurred_at, envelope.version))
        row = project(None, first)
        for envelope in others:
            if self.includes(envelope):
                row = project(row, envelope)
        return row


async def asked(
    as_of: Annotated[Instant | None, Query(description="As it was at this instant, by what has happened.")] = None,
    as_recorded: Annotated[Instant | None, Query(description="As it was known at this instant.")] = None,
) -> AsOf:
    return AsOf(as_of, as_recorded)


Asked = Annotated[AsOf, Depends(asked)]

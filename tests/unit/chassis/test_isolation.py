"""A batch that the handler rejects is halved until each rejected event is alone."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from chassis.consume.delivery import Delivery
from chassis.consume.isolation import WAITS, apply_isolated
from chassis.consume.positions import Source
from chassis.postgres.database import Connection

SOURCE = Source("care.customer.events.v1", 0)
BATCH = 1_000


class Savepoints:
    """Stands for a connection: keeps the events of the savepoints that were not rolled back."""

    def __init__(self) -> None:
        self.kept: list[int] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        before = list(self.kept)
        try:
            yield
        except BaseException:
            self.kept = before
            raise


class Handler:
    """Rejects some positions after it has written the others."""

    def __init__(self, rejected: set[int]) -> None:
        self.rejected = rejected
        self.calls = 0

    async def __call__(self, events: Sequence[Any], held: Any) -> None:
        self.calls += 1
        held.kept += events
        if self.rejected & set(events):
            raise ValueError("rejected")


def deliveries(count: int, customers: int) -> list[Delivery]:
    """Return events 1, 2, … of customers in turn; the event is its position."""
    return [
        Delivery(SOURCE, position, position - 1, UUID(int=position % customers), {}, None, position)
        for position in range(1, count + 1)
    ]


async def isolated(
    rejected: set[int], count: int = BATCH, customers: int = BATCH, dropped: Collection[int] = ()
) -> tuple[list[int], dict[int, str], int]:
    """Return the applied positions, the parked ones with their reasons, and the calls of the handler.

    Those that are `dropped` are not parked.
    """
    held, handler, parked = Savepoints(), Handler(rejected), dict[int, str]()

    async def park(_held: Connection, events: Sequence[Delivery], reason: str) -> set[UUID]:
        kept = [each for each in events if each.position not in dropped]
        parked.update({each.position: reason for each in kept})
        return {each.subject for each in kept}

    await apply_isolated(held, deliveries(count, customers), handler, park)  # type: ignore[arg-type]
    return held.kept, parked, handler.calls


@pytest.mark.parametrize("position", [1, 2, 500, 501, 999, 1000])
async def test_one_rejected_event_of_a_thousand_is_found_with_few_calls(position: int) -> None:
    applied, parked, calls = await isolated({position})
    assert applied == [each for each in range(1, BATCH + 1) if each != position]
    assert list(parked) == [position]
    # The call for the whole batch came before.
    assert calls + 1 <= 21


async def test_later_events_of_the_customer_wait_and_earlier_ones_are_applied() -> None:
    applied, parked, _ = await isolated({5}, count=12, customers=3)
    assert applied == [1, 2, 3, 4, 6, 7, 9, 10, 12]
    assert parked == {5: "ValueError while it was applied", 8: WAITS, 11: WAITS}


async def test_later_events_do_not_wait_behind_one_that_is_dropped() -> None:
    applied, parked, _ = await isolated({5}, count=12, customers=3, dropped={5})
    assert applied == [1, 2, 3, 4, *range(6, 13)]
    assert parked == {}


async def test_only_the_rejected_ones_are_parked_however_many_there_are() -> None:
    applied, parked, _ = await isolated(set(range(1, BATCH, 2)))
    assert applied == list(range(2, BATCH + 1, 2))
    assert sorted(parked) == list(range(1, BATCH, 2))


async def test_a_batch_of_one_event_is_parked() -> None:
    assert await isolated({1}, count=1) == ([], {1: "ValueError while it was applied"}, 1)


async def test_an_error_that_no_event_causes_parks_nothing() -> None:
    parked: list[Delivery] = []

    async def unavailable(_events: Sequence[Any], _held: Any) -> None:
        raise ConnectionError("away")

    async def park(_held: Connection, events: Sequence[Delivery], _reason: str) -> set[UUID]:
        parked.extend(events)
        return set()

    with pytest.raises(ConnectionError):
        await apply_isolated(Savepoints(), deliveries(4, 4), unavailable, park)  # type: ignore[arg-type]
    assert not parked

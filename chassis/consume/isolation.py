"""Finds the events that a handler rejects, and parks only these and the later events of their customers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from asyncpg.exceptions import DataCorruptedError, IndexCorruptedError, PostgresSystemError, SyntaxOrAccessError

from chassis.consume.delivery import Delivery
from chassis.consume.positions import PositionMovedError
from chassis.postgres.database import UNAVAILABLE, Connection

# Errors that no event causes: nothing is parked, and the batch is retried. For example, a table or a column is missing
# while a new build runs before its migration, or the server cannot read its disk.
RETRYABLE = (
    *UNAVAILABLE,
    PositionMovedError,
    SyntaxOrAccessError,
    PostgresSystemError,
    DataCorruptedError,
    IndexCorruptedError,
)
# The reason of an event that was parked only because an earlier one of its customer is parked.
WAITS = "waits behind a parked event of this customer"

Handler = Callable[[Sequence[Any], Connection], Awaitable[None]]
# Returns the customers of the events that were parked.
Park = Callable[[Connection, Sequence[Delivery], str], Awaitable[set[UUID]]]


async def apply_isolated(held: Connection, deliveries: Sequence[Delivery], handler: Handler, park: Park) -> set[UUID]:
    """Apply a batch that the handler rejects as a whole. Return the customers with events that were applied.

    The batch is halved until each rejected event is alone: one in 1,000 costs about 20 calls of the handler.
    """
    applied, parked = set[UUID](), set[UUID]()
    pending = halves(deliveries)
    while pending:
        part = pending.pop()
        if waiting := [each for each in part if each.subject in parked]:
            await park(held, waiting, WAITS)
            part = [each for each in part if each.subject not in parked]
        error = await rejection(held, part, handler) if part else None
        if error is None:
            applied |= customers_of(part)
        elif len(part) > 1:
            pending += halves(part)
        else:
            parked |= await park(held, part, f"{type(error).__name__} while it was applied")
    return applied


async def rejection(held: Connection, part: Sequence[Delivery], handler: Handler) -> Exception | None:
    """Apply events in a savepoint. Return the error with which the handler rejects them, if it does."""
    try:
        async with held.transaction():
            await handler(events_of(part), held)
    except RETRYABLE:
        raise
    except Exception as error:  # noqa: BLE001 - any other failure of the handler is caused by an event
        return error
    return None


def halves(deliveries: Sequence[Delivery]) -> list[Sequence[Delivery]]:
    """Return the parts of a batch in reverse order: a single event is one part."""
    middle = len(deliveries) // 2
    return [each for each in (deliveries[middle:], deliveries[:middle]) if each]


def customers_of(deliveries: Sequence[Delivery]) -> set[UUID]:
    return {delivery.subject for delivery in deliveries}


def events_of(deliveries: Sequence[Delivery]) -> list[Any]:
    return [delivery.event for delivery in deliveries if delivery.event is not None]

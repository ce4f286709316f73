"""Commits events through the command handler, without HTTP."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import Pool
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from services.customer.commands import ChangeProfile, Profile, Register
from services.customer.domain import CUSTOMER, Customer

AT_ONCE = 8


def handler_of(store: EventStore) -> CommandHandler[Customer]:
    return CommandHandler(store, CUSTOMER, EventMapper())


async def commit(store: EventStore, count: int, changes: int = 0) -> list[UUID]:
    """Commit `count` customers with `changes` further events each: one event for each command."""
    ids = [uuid4() for _ in range(count)]
    handler = handler_of(store)
    await a_few_at_once(handler.handle(each, Register(name=f"公司{each}"), context()) for each in ids)
    for number in range(changes):
        await change(store, ids, f"行业{number}")
    return ids


async def change(store: EventStore, ids: Sequence[UUID], industry: str) -> None:
    handler, command = handler_of(store), ChangeProfile(profile=Profile(industry=industry))
    await a_few_at_once(handler.handle(each, command, context()) for each in ids)


async def a_few_at_once(commands: Iterable[Awaitable[object]]) -> None:
    """Run commands, at most as many at once as the pool has connections: on a busy machine others would be rejected."""
    waiting = iter(commands)

    async def one_after_another() -> None:
        for command in waiting:
            await command

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))


async def commit_for_ever(pool: Pool) -> None:
    """Commit small batches until cancelled."""
    store = EventStore(pool)
    while True:
        await commit(store, 20, changes=1)
        await asyncio.sleep(0.02)


def context() -> Context:
    return Context(str(uuid4()), "tests", "tests", datetime.now(UTC))

"""Assesses the tiers of customers whose facts changed or whose time has come, and sends each the result."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import Pool
from chassis.runtime.clock import Clock, utc_now
from contracts.customer import TierBasis, TierDecision, TierSchemePublished
from services.customer.actor import ACTOR
from services.customer.commands import AssessTier
from services.customer.domain import Customer
from services.customer.tiers import memory
from services.customer.tiers.facts import Known, facts_of
from services.customer.tiers.rules import assess, changes_at, inputs_of

BATCH = 200
CONCURRENCY = 8
# A customer that is claimed and not settled by then is assessed again: the process has ended.
LEASE = timedelta(minutes=1)
PASS_BATCH = 1_000


class TierRunner:
    """A timer calls `run_due`. Assessing twice is safe: a result that holds already adds no event."""

    def __init__(self, pool: Pool, customers: CommandHandler[Customer], zone: str, clock: Clock = utc_now) -> None:
        self._pool = pool
        self._customers = customers
        self._zone = ZoneInfo(zone)
        self._clock = clock
        self._slots = asyncio.Semaphore(CONCURRENCY)

    async def run_due(self) -> int:
        """Assess the next batch; return how many customers were marked or assessed."""
        now = self._clock()
        await memory.put_in_force(self._pool, now)
        marked = await memory.pass_on(self._pool, now, PASS_BATCH)
        until = now + LEASE
        taken = await memory.claim(self._pool, now, until, BATCH)
        if not taken:
            return marked
        await memory.mark_survivors(self._pool, taken, now)
        due: dict[UUID, datetime | None] = dict.fromkeys(taken)
        for scheme in filter(memory.is_followed, await memory.in_force(self._pool, now)):
            known = await facts_of(self._pool, taken, scheme, now, self._zone.key)
            await asyncio.gather(*(self._assess(each, scheme, now) for each in known))
            for each in known:
                due[each.customer_id] = earlier(due[each.customer_id], changes_at(each.facts, scheme, now, self._zone))
        await memory.settle(self._pool, due, until)
        return marked + len(taken)

    async def _assess(self, known: Known, scheme: TierSchemePublished, now: datetime) -> None:
        """Let the customer's own rules decide what the assessment means."""
        inputs = inputs_of(known.facts, scheme.currency, now.astimezone(self._zone).date())
        command = AssessTier(
            scheme=scheme.name,
            tier=assess(scheme.tiers, inputs),
            proposes=scheme.decision is TierDecision.PROPOSED,
            basis=TierBasis(number=scheme.number, evaluated_at=now, inputs=inputs),
        )
        context = ACTOR.on_timer(now, f"tier|{uuid4()}", str(known.customer_id))
        async with self._slots:
            await self._customers.handle(known.customer_id, command, context)


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other

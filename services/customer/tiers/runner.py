"""Assesses the tiers of customers that are due, and sends the result to each customer."""

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
from services.customer.tiers import evaluation_queue
from services.customer.tiers.facts import Known, facts_of
from services.customer.tiers.rules import assess, changes_at, inputs_of

BATCH = 200
CONCURRENCY = 8
# After this time, a claimed customer is assessed again, because the process has probably ended.
LEASE = timedelta(minutes=1)
QUEUE_BATCH = 1_000


class TierRunner:
    """A timer calls `run_due`. Assessing twice is safe: the same result adds no event."""

    def __init__(self, pool: Pool, customers: CommandHandler[Customer], zone: str, clock: Clock = utc_now) -> None:
        self._pool = pool
        self._customers = customers
        self._zone = ZoneInfo(zone)
        self._clock = clock
        self._slots = asyncio.Semaphore(CONCURRENCY)

    async def run_due(self) -> int:
        """Assess the next batch; return how many customers were queued or assessed."""
        now = self._clock()
        await evaluation_queue.put_in_force(self._pool, now)
        queued = await evaluation_queue.queue_next(self._pool, now, QUEUE_BATCH)
        until = now + LEASE
        claimed = await evaluation_queue.claim(self._pool, now, until, BATCH)
        if not claimed:
            return queued
        await evaluation_queue.mark_survivors(self._pool, claimed, now)
        due: dict[UUID, datetime | None] = dict.fromkeys(claimed)
        for scheme in filter(evaluation_queue.is_rule_based, await evaluation_queue.in_force(self._pool, now)):
            known = await facts_of(self._pool, claimed, scheme, now, self._zone.key)
            await asyncio.gather(*(self._assess(each, scheme, now) for each in known))
            for each in known:
                due[each.customer_id] = earlier(due[each.customer_id], changes_at(each.facts, scheme, now, self._zone))
        await evaluation_queue.settle(self._pool, due, until)
        return queued + len(claimed)

    async def _assess(self, known: Known, scheme: TierSchemePublished, now: datetime) -> None:
        """Send the assessment as a command; the domain decides which events follow."""
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

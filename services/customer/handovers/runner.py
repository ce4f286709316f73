"""Runs handover batches: one append per customer, continuing where the last run ended."""

import asyncio
from collections.abc import Sequence

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import Pool
from chassis.runtime.clock import Clock, utc_now
from services.customer import commands
from services.customer.domain.handover_batch import Batch
from services.customer.handovers import outcomes
from services.customer.handovers.outcomes import Item, ItemResult, Outcome
from services.customer.handovers.selection import BatchSelection
from services.customer.handovers.steps import BatchSteps
from services.customer.projection.handover_batches import HandoverBatchRow

CHUNK = 100
CONCURRENCY = 8
COLUMNS = ", ".join(HandoverBatchRow.__dataclass_fields__)
# Names come from our own classes, never from a request.
NEXT = f"SELECT {COLUMNS} FROM handover_batch WHERE ended_at IS NULL ORDER BY started_at, batch_id LIMIT 1"  # noqa: S608


class HandoverBatchRunner:
    """A timer calls `run_due`. Each step has an idempotency key, so a repeated step appends nothing."""

    def __init__(
        self,
        pool: Pool,
        batches: CommandHandler[Batch | None],
        selection: BatchSelection,
        steps: BatchSteps,
        clock: Clock = utc_now,
    ) -> None:
        self._pool = pool
        self._batches = batches
        self._selection = selection
        self._steps = steps
        self._clock = clock
        self._slots = asyncio.Semaphore(CONCURRENCY)

    async def run_due(self) -> int:
        """Run the next steps of the oldest open batch; return how many there were."""
        row = await self._pool.fetchrow(NEXT)
        if row is None:
            return 0
        batch = HandoverBatchRow(**row)
        if items := await outcomes.waiting(self._pool, batch.batch_id, CHUNK):
            return await self._run_steps(batch, items)
        if await self._selection.is_due(batch):
            await self._selection.select(batch, self._context(batch, "leader"))
            if await outcomes.waiting(self._pool, batch.batch_id, 1):
                return 1
        await self._end(batch)
        return 0

    async def _run_steps(self, batch: HandoverBatchRow, items: Sequence[Item]) -> int:
        results = await asyncio.gather(*(self._run_step(batch, item) for item in items))
        settled = [result for result in results if result.outcome is not Outcome.WAITING]
        await outcomes.record(self._pool, batch.batch_id, settled)
        return len(settled)

    async def _run_step(self, batch: HandoverBatchRow, item: Item) -> ItemResult:
        context = self._context(batch, f"{item.customer_id}|{item.kind}")
        async with self._slots:
            return await self._steps.run(batch, item, context)

    async def _end(self, batch: HandoverBatchRow) -> None:
        end = commands.EndBatch(**await outcomes.counts(self._pool, batch.batch_id))
        await self._batches.handle(batch.batch_id, end, self._context(batch, "end"))

    def _context(self, batch: HandoverBatchRow, step: str) -> Context:
        """Return the context of one step; its author is the employee who started the batch."""
        return Context(
            key=f"handover-batch|{batch.batch_id}|{step}",
            actor=batch.started_by,
            correlation_id=f"handover-batch-{batch.batch_id}",
            now=self._clock(),
        )

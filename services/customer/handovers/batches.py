"""Works batches of handovers off: customer after customer, each an append of its own, on from where it stood."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from asyncpg import Record

from chassis.commands.command import Command, Context
from chassis.commands.decider import MovedError, RejectedError
from chassis.commands.result import ConflictError
from chassis.runtime.clock import Clock, utc_now
from services.customer import commands
from services.customer.dependencies import Dependencies
from services.customer.domain import Customer
from services.customer.domain.erasure import require_kept
from services.customer.domain.handover import owner_changed
from services.customer.domain.record import stranger
from services.customer.projection.handover_batches import HandoverBatchRow

CHUNK = 100
CONCURRENCY = 8
COLUMNS = ", ".join(HandoverBatchRow.__dataclass_fields__)
# Names come from our own classes, never from a request.
NEXT = f"SELECT {COLUMNS} FROM handover_batch WHERE ended_at IS NULL ORDER BY started_at, batch_id LIMIT 1"  # noqa: S608
WAITING = """
    SELECT customer_id, kind, to_owner_id FROM handover_item
    WHERE batch_id = $1 AND outcome = 'waiting' ORDER BY customer_id, kind LIMIT $2
"""
HAS_MET = "SELECT EXISTS (SELECT FROM handover_item WHERE batch_id = $1)"
MEET_OWNED = """
    INSERT INTO handover_item (batch_id, customer_id, kind, to_owner_id)
    SELECT $1, c.customer_id, 'owned',
        ($2::text[])[1 + (row_number() OVER (ORDER BY c.customer_id) - 1) % cardinality($2)]
    FROM customer c
    WHERE c.merged_into IS NULL AND (c.owner_id = $3 OR ($3::text IS NULL AND c.owner_id IS NULL))
      AND ($4::text IS NULL OR c.leader_id = $4)
      AND ($5::text IS NULL OR c.stage = $5)
      AND ($6::text IS NULL OR EXISTS (SELECT FROM jsonb_each_text(c.tiers) tier WHERE tier.value = $6))
      AND ($7::text IS NULL OR c.tags @> ARRAY[$7])
      AND ($8::text IS NULL OR c.region = $8)
    ON CONFLICT DO NOTHING
"""
MEET_HELPED = """
    INSERT INTO handover_item (batch_id, customer_id, kind)
    SELECT $1, c.customer_id, 'helped' FROM customer c
    WHERE c.merged_into IS NULL AND c.helper_ids @> ARRAY[$2] AND ($3::text IS NULL OR c.leader_id = $3)
    ON CONFLICT DO NOTHING
"""
MEET_LED = """
    INSERT INTO handover_item (batch_id, customer_id, kind, to_owner_id)
    SELECT $1, c.customer_id, 'led', $3 FROM customer c
    WHERE c.merged_into IS NULL AND c.leader_id = $2 AND ($4::text IS NULL OR c.leader_id = $4)
    ON CONFLICT DO NOTHING
"""
MEET_NAMED = """
    INSERT INTO handover_item (batch_id, customer_id, kind, to_owner_id)
    SELECT $1, n.customer_id, 'owned', ($2::text[])[1 + (n.number - 1) % cardinality($2)]
    FROM unnest($3::uuid[]) WITH ORDINALITY AS n (customer_id, number)
    ON CONFLICT DO NOTHING
"""
# Those whom the leaver led are led by somebody else, or by nobody.
LED = "UPDATE employee SET leader_id = $2 WHERE leader_id = $1"
# Of somebody who was never introduced, the id is all that is known.
LEAVES = """
    INSERT INTO employee (employee_id, name, left_at) VALUES ($1, $1, $2)
    ON CONFLICT (employee_id) DO UPDATE SET left_at = coalesce(employee.left_at, excluded.left_at)
"""
KEEP = """
    UPDATE handover_item i SET outcome = n.outcome, problem = n.problem
    FROM unnest($2::uuid[], $3::text[], $4::text[], $5::jsonb[]) AS n(customer_id, kind, outcome, problem)
    WHERE i.batch_id = $1 AND i.customer_id = n.customer_id AND i.kind = n.kind
"""
COUNTS = """
    SELECT count(*) FILTER (WHERE outcome IN ('begun', 'passed-on')) AS handed_over,
        count(*) FILTER (WHERE outcome = 'refused') AS refused FROM handover_item WHERE batch_id = $1
"""


class Outcome(StrEnum):
    """What has come of one customer of a batch."""

    WAITING = "waiting"
    BEGUN = "begun"
    PASSED_ON = "passed-on"
    HELP_ENDED = "help-ended"
    LEADER_CHANGED = "leader-changed"
    REFUSED = "refused"


Seen = tuple[Outcome, dict[str, str] | None]


class HandoverBatches:
    """`run_due` is the timers'. Interrupted, or run twice at once, it does nothing twice: each append has a key."""

    def __init__(self, needs: Dependencies, clock: Clock = utc_now) -> None:
        self._needs = needs
        self._pool = needs.pool
        self._clock = clock
        self._slots = asyncio.Semaphore(CONCURRENCY)

    async def run_due(self) -> int:
        """See to the next customers of the oldest batch; return how many there were."""
        row = await self._pool.fetchrow(NEXT)
        if row is None:
            return 0
        batch = HandoverBatchRow(**row)
        if waiting := await self._pool.fetch(WAITING, batch.batch_id, CHUNK):
            return await self._see_to(batch, waiting)
        # Whoever leaves may have been given a customer since; others pass on what they had when it was asked.
        if batch.leaves or not await self._pool.fetchval(HAS_MET, batch.batch_id):
            await self._meet(batch)
            if await self._pool.fetchval(WAITING, batch.batch_id, 1):
                return 1
        await self._end(batch)
        return 0

    async def _meet(self, batch: HandoverBatchRow) -> None:
        """Note the customers that the batch is about. The list has come as far as the batch, so none is missing."""
        if batch.customer_ids:
            await self._pool.execute(MEET_NAMED, batch.batch_id, list(batch.to_owner_ids), list(batch.customer_ids))
            return
        narrowed = batch.led_by, batch.stage, batch.tier, batch.tag, batch.region
        await self._pool.execute(MEET_OWNED, batch.batch_id, list(batch.to_owner_ids), batch.from_owner_id, *narrowed)
        if batch.leaves:
            await self._pool.execute(MEET_HELPED, batch.batch_id, batch.from_owner_id, batch.led_by)
            await self._pool.execute(LEAVES, batch.from_owner_id, batch.started_at)
            await self._meet_led(batch, str(batch.from_owner_id))

    async def _meet_led(self, batch: HandoverBatchRow, leaver_id: str) -> None:
        leader_id = batch.to_leader_id or await self._needs.queries.leader_of(leaver_id)
        await self._pool.execute(MEET_LED, batch.batch_id, leaver_id, leader_id, batch.led_by)
        if batch.led_by in {None, leaver_id}:
            await self._pool.execute(LED, leaver_id, leader_id)

    async def _see_to(self, batch: HandoverBatchRow, waiting: Sequence[Record]) -> int:
        seen = await asyncio.gather(*(self._one(batch, item) for item in waiting))
        settled = [(item, *each) for item, each in zip(waiting, seen, strict=True) if each[0] is not Outcome.WAITING]
        await self._pool.execute(
            KEEP,
            batch.batch_id,
            [item["customer_id"] for item, _, _ in settled],
            [item["kind"] for item, _, _ in settled],
            [outcome for _, outcome, _ in settled],
            [problem for _, _, problem in settled],
        )
        return len(settled)

    async def _one(self, batch: HandoverBatchRow, item: Record) -> Seen:
        context = self._context(batch, f"{item['customer_id']}|{item['kind']}")
        try:
            async with self._slots:
                if item["kind"] == "helped":
                    await self._end_help(batch, item["customer_id"], context)
                    return Outcome.HELP_ENDED, None
                if item["kind"] == "led":
                    await self._change_leader(batch, item["customer_id"], item["to_owner_id"], context)
                    return Outcome.LEADER_CHANGED, None
                await self._pass_on(batch, item["customer_id"], item["to_owner_id"], context)
        except RejectedError as refusal:
            return Outcome.REFUSED, {"code": refusal.code, "detail": refusal.en, "detail_zh": refusal.zh}
        except ConflictError:
            return Outcome.WAITING, None
        return (Outcome.BEGUN if batch.waits_for_acceptance else Outcome.PASSED_ON), None

    async def _pass_on(self, batch: HandoverBatchRow, customer_id: UUID, to_owner_id: str, context: Context) -> None:
        """Begin the customer's handover; where nobody has to accept it, its owner changes in the same append."""
        if await self._needs.store.answer(context.key):
            return
        customer = (await self._needs.customers.load(customer_id)).state
        from_owner_id = giver(batch, customer)
        leader_id = await self._needs.queries.leader_of(to_owner_id)
        found = await self._needs.checklists.of([customer_id, *customer.duplicate_ids], context.now)
        begin = commands.Begin(
            asked=commands.StartHandover(to_owner_id=to_owner_id, to_leader_id=leader_id, reason=batch.reason),
            from_owner_id=from_owner_id,
            checklist=found.items,
            contracts=found.contracts,
            batch_id=batch.batch_id,
            is_accepted=not batch.waits_for_acceptance,
        )
        passing = commands.PassOn(from_owner_id=from_owner_id, owner_id=to_owner_id, leader_id=leader_id)
        linked = [] if batch.waits_for_acceptance else [self._needs.customers.linked(customer_id, passing)]
        stream_id = self._needs.pseudonyms.derived("handover", str(customer_id))
        await self._needs.handovers.handle(stream_id, begin, context, subject=customer_id, linked=linked)

    async def _end_help(self, batch: HandoverBatchRow, customer_id: UUID, context: Context) -> None:
        command: Command = commands.RemoveHelper(employee_id=str(batch.from_owner_id))
        await self._needs.customers.handle(customer_id, command, context)

    async def _change_leader(
        self, batch: HandoverBatchRow, customer_id: UUID, leader_id: str | None, context: Context
    ) -> None:
        command: Command = commands.ChangeLeader(from_leader_id=str(batch.from_owner_id), leader_id=leader_id)
        await self._needs.customers.handle(customer_id, command, context)

    async def _end(self, batch: HandoverBatchRow) -> None:
        counts: Any = await self._pool.fetchrow(COUNTS, batch.batch_id)
        context = self._context(batch, "end")
        await self._needs.handover_batches.handle(batch.batch_id, commands.EndBatch(**counts), context)

    def _context(self, batch: HandoverBatchRow, step: str) -> Context:
        """Return the context of one step: whoever started the batch is its author."""
        return Context(
            key=f"handover-batch|{batch.batch_id}|{step}",
            actor=batch.started_by,
            correlation_id=f"handover-batch-{batch.batch_id}",
            now=self._clock(),
        )


def giver(batch: HandoverBatchRow, customer: Customer) -> str | None:
    """Return who passes the customer on; raise RejectedError where the batch may not take it from them."""
    if not customer.known:
        raise stranger()
    if customer.merged_into:
        raise MovedError(customer.merged_into)
    require_kept(customer)
    if batch.customer_ids and batch.led_by not in {None, customer.leader_id}:
        raise led_elsewhere()
    if customer.owner_id != batch.from_owner_id and (batch.from_owner_id or not batch.customer_ids):
        raise owner_changed(customer.owner_id)
    return customer.owner_id


def led_elsewhere() -> RejectedError:
    return RejectedError(
        "led-elsewhere", "You pass on customers that you lead; this one you do not.", "只能移交自己管辖的客户。"
    )

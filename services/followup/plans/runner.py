"""Runs the plans: handles events with commands to plans, and continues plans that are due.

One event may end or change all plans of a customer. A batch then handles only the first of them; the timer handles the
others: it settles endings that are stored, and continues plans that were made due.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import Connection, Pool, transaction
from chassis.runtime.clock import Clock, utc_now
from chassis.versions import waiting
from chassis.versions.lookup import Versions
from contracts.customer import OwnerAssigned
from contracts.event import Envelope
from contracts.followup import CalendarPublished, PlanTemplatePublished
from contracts.topics import CONFIGURATION
from contracts.version import Published
from services.followup.commands.plan import ChangePlan, EndPlan, PlanCommand, StartPlan
from services.followup.domain.customer_ref import CustomerRef, project
from services.followup.domain.plan import Plan
from services.followup.domain.task import Task
from services.followup.plans import endings, memory
from services.followup.plans.in_force import InForce
from services.followup.plans.plan_row import PlanRow
from services.followup.plans.plan_state import after, running_of
from services.followup.plans.policy import TIER_CHANGED, PlanningState, react, tier_of
from services.followup.plans.reviser import PlanningTerms, PlanReviser, revision_of
from services.followup.plans.sender import Cause, PlanCommandSender, cause_of
from services.followup.projection.customers import OWN
from services.followup.queries.customers import Customers

# The share of the pool's connections used at once. Batches and requests of the same process need the others.
SHARE_OF_POOL = 0.5
# PostgreSQL ends a transaction that is idle for five seconds, so a batch is saved after this many customers.
CUSTOMERS_AT_ONCE = 48
DUE_BATCH = 200
# A batch waits at most three seconds for the lock of a plan that the timer continues.
DUE_SECONDS = 1.0
# Commands to the plans and tasks of one customer in one batch. About half of the time that a transaction may be idle.
CHANGES_AT_ONCE = 200
ENDINGS_AT_ONCE = 20

Envelopes = Sequence[Envelope[Any]]
CausedCommand = tuple[Envelope[Any], UUID, PlanCommand]


@dataclass(frozen=True, slots=True)
class HandledCustomer:
    """A customer after a batch, with its changed plans, and the causes of endings that are still to be settled."""

    customer: CustomerRef | None = None
    changed: Sequence[PlanRow] = ()
    endings: Mapping[UUID, Cause] = field(default_factory=dict)


class PlanRunner:
    """`receive` handles the consumers' batches, `run_due` the timer. Commands commit in their own transactions.

    The stored state of the plans commits with the consumer's position.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        customers: Customers,
        calendars: Versions[CalendarPublished],
        plans: CommandHandler[Plan | None],
        tasks: CommandHandler[Task | None],
        zone: str,
        clock: Clock = utc_now,
    ) -> None:
        self._pool = pool
        self._customers = customers
        self._calendars = calendars
        self._zone = ZoneInfo(zone)
        self._clock = clock
        self._slots = asyncio.Semaphore(max(1, int(pool.get_max_size() * SHARE_OF_POOL)))
        self._sender = PlanCommandSender(plans, tasks, self._slots)
        self._reviser = PlanReviser(pool, self._sender, self._slots)

    async def receive(self, envelopes: Envelopes, held: Connection) -> None:
        """Handle a batch of events, up to `CUSTOMERS_AT_ONCE` customers concurrently."""
        by_customer = await self._by_customer(envelopes, held)
        await memory.lock(held, by_customer)
        known = await memory.load_customers(held, by_customer)
        running: dict[UUID, list[PlanRow]] = defaultdict(list)
        for plan in await memory.running(held, by_customer):
            running[plan.customer_id].append(plan)
        terms = await self._terms(held)
        for first in range(0, len(by_customer), CUSTOMERS_AT_ONCE):
            some = list(by_customer.items())[first : first + CUSTOMERS_AT_ONCE]
            tasks = (self._handle_customer(known.get(each), running[each], own, terms) for each, own in some)
            results = await asyncio.gather(*tasks)
            await memory.save_customers(held, [each.customer for each in results if each.customer])
            await memory.PLANS.save(held, [plan for each in results for plan in each.changed])
            await endings.save(held, dict(ended for each in results for ended in each.endings.items()))

    async def run_due(self) -> int:
        """Continue the plans that are due: schedule tasks, change to a newer template, or end a finished plan."""
        async with transaction(self._pool) as held:
            for version in await waiting.take(held, self._clock()):
                await self._put_in_force(held, version)
        async with transaction(self._pool) as held:
            rows = await memory.due(held, self._clock(), DUE_BATCH)
            if rows:
                await self._continue_all(held, rows)
        return len(rows) + await self._settle_endings()

    async def _continue_all(self, held: Connection, rows: Sequence[PlanRow]) -> None:
        """Continue the first plans, for DUE_SECONDS. The others stay due."""
        loop = asyncio.get_running_loop()
        until = loop.time() + DUE_SECONDS
        terms = await self._terms(held)
        known = await memory.load_customers(held, [row.customer_id for row in rows])
        for row in rows:
            await memory.PLANS.save(held, [await self._continue(row, known.get(row.customer_id), terms)])
            if loop.time() > until:
                return

    async def _settle_endings(self) -> int:
        """End the next plans whose ending is stored. An interrupted ending is repeated, without a second effect."""
        found = await endings.following(self._pool, ENDINGS_AT_ONCE)
        for row, cause in found:
            await self._reviser.end(row, EndPlan(reason=row.ended_because or ""), cause)
            await endings.delete(self._pool, row.plan_id)
        return len(found)

    async def _by_customer(self, envelopes: Envelopes, held: Connection) -> Mapping[UUID, list[Envelope[Any]]]:
        """Store new versions of templates and calendars; return the other events by customer."""
        found: dict[UUID, list[Envelope[Any]]] = defaultdict(list)
        for envelope in envelopes:
            if isinstance(envelope.event, PlanTemplatePublished | CalendarPublished):
                if not await waiting.keep(held, envelope.event, envelope.event.name):
                    await self._put_in_force(held, envelope.event)
            elif type(envelope.event) not in CONFIGURATION:
                found[envelope.subject].append(envelope)
        return found

    async def _put_in_force(self, held: Connection, version: Published) -> None:
        """Make the plans due that use this template or calendar."""
        if isinstance(version, PlanTemplatePublished):
            await memory.publish(held, version, self._clock())
        elif isinstance(version, CalendarPublished):
            await memory.make_due(held, version.name, self._clock())

    async def _terms(self, held: Connection) -> PlanningTerms:
        now = self._clock()
        in_force = InForce(now, await memory.in_force(held, now), self._calendars)
        return PlanningTerms(in_force, await memory.employees_with_stand_in(held))

    async def _handle_customer(
        self, customer: CustomerRef | None, running: Sequence[PlanRow], own: Envelopes, terms: PlanningTerms
    ) -> HandledCustomer:
        """Handle one customer's events; return the customer and its changed plans after them."""
        before = {plan.plan_id: plan for plan in running}
        plans, left, ended = dict(before), CHANGES_AT_ONCE, dict[UUID, Cause]()
        customer, caused = await self._decide(customer, before, own, terms)
        if customer is None:
            return HandledCustomer()
        for envelope, plan_id, command in caused:
            row = after(plans.get(plan_id), plan_id, command, envelope)
            left -= 1 + len(row.tasks)
            if left >= 0 or isinstance(command, StartPlan):
                plans[plan_id] = await self._reviser.carry_out(row, command, cause_of(envelope), customer, terms)
            elif isinstance(command, EndPlan):
                plans[plan_id], ended[plan_id] = row, cause_of(envelope)
            else:
                plans[plan_id] = replace(plans[plan_id], look_again_at=self._clock())
        if any(isinstance(envelope.event, OwnerAssigned) for envelope in own):
            await self._schedule_waiting(plans, own[-1], left, customer, terms)
        return HandledCustomer(customer, [plan for plan in plans.values() if plan != before.get(plan.plan_id)], ended)

    async def _schedule_waiting(
        self, plans: dict[UUID, PlanRow], last: Envelope[Any], left: int, customer: CustomerRef, terms: PlanningTerms
    ) -> None:
        """Schedule the steps that waited for an owner: those of the first plans now, those of the others soon."""
        for plan in running_of(plans):
            if not terms.has_template(plan):
                continue
            left -= 1 + len(terms.template(plan).steps)
            if left >= 0:
                plans[plan.plan_id] = await self._reviser.revise(plan, cause_of(last), customer, terms)
            else:
                plans[plan.plan_id] = replace(plan, look_again_at=self._clock())

    async def _decide(
        self, customer: CustomerRef | None, before: Mapping[UUID, PlanRow], own: Envelopes, terms: PlanningTerms
    ) -> tuple[CustomerRef | None, list[CausedCommand]]:
        """Return the customer after the events, and the commands for them, in order."""
        plans, caused = dict(before), list[CausedCommand]()
        for envelope in own:
            if isinstance(envelope.event, OWN):
                customer = project(customer, envelope)
            customer = customer or await self._find(envelope.subject)
            if customer is None:
                continue
            state = PlanningState(customer, running_of(plans), list(terms.in_force.templates.values()), self._zone)
            for plan_id, command in react(envelope, state):
                plans[plan_id] = after(plans.get(plan_id), plan_id, command, envelope)
                caused.append((envelope, plan_id, command))
        return customer, caused

    async def _find(self, customer_id: UUID) -> CustomerRef | None:
        async with self._slots:
            return await self._customers.find(customer_id)

    async def _continue(self, row: PlanRow, customer: CustomerRef | None, terms: PlanningTerms) -> PlanRow:
        cause = Cause(f"look|{row.look_again_at.isoformat()}", self._clock(), f"plan-{row.plan_id}", row.anchor_id)
        template = terms.template(row)
        if customer is None:
            raise LookupError("a plan's customer must be known")
        tier = tier_of(customer)
        if (template.number, tier) != (row.number, row.tier):
            reason = "template-published" if template.number != row.number else TIER_CHANGED
            change = ChangePlan(number=template.number, tier=tier, reason=reason)
            newer = replace(row, number=template.number, tier=tier, planned_from=cause.at)
            return await self._reviser.carry_out(newer, change, cause, customer, terms)
        revised = await self._reviser.revise(row, cause, customer, terms)
        if not (await revision_of(revised, cause, terms)).is_done:
            return revised
        await self._sender.change(revised, EndPlan(reason="done"), cause)
        return replace(revised, ended_because="done")

"""Carries out what the policy answers: appends to plans, and to the tasks that their steps become.

Every command has a key made from the fact or the look that led to it, so what is heard twice is done once.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from chassis.commands.command import Context
from chassis.commands.decider import RejectedError
from chassis.postgres.database import Connection, Pool, transaction
from chassis.runtime.clock import Clock, utc_now
from chassis.versions import waiting
from contracts.customer import OwnerAssigned
from contracts.event import Envelope
from contracts.followup import CalendarPublished, PlanTemplatePublished
from contracts.followup.plan import Assignment
from contracts.topics import CONFIGURATION
from contracts.version import Published
from services.followup.actor import ACTOR
from services.followup.assignment import Given, give
from services.followup.calendars.work_calendar import working
from services.followup.commands.plan import ChangePlan, EndPlan, PlanCommand, StartPlan
from services.followup.commands.task import Cancel, Reschedule, ScheduleForPlan
from services.followup.dependencies import Dependencies
from services.followup.domain.customer_ref import CustomerRef, project
from services.followup.plans import memory
from services.followup.plans.in_force import InForce
from services.followup.plans.plan_row import PlanRow
from services.followup.plans.plan_state import after, running_of, with_tasks
from services.followup.plans.policy import State, react
from services.followup.plans.steps import Due, Revision, revise
from services.followup.plans.task_of_step import schedule_of, work_of
from services.followup.projection import customers

CONSUMER = "followup-plans"
OWN_FACTS = "followup-plans-own"
# So much of the pool is asked for at once: batches hold connections, and requests of the same process want some, too.
SHARE_OF_POOL = 0.5
# PostgreSQL ends a transaction that stands idle for five seconds; what has been heard is written this often.
CUSTOMERS_AT_ONCE = 48
DUE_BATCH = 200


@dataclass(frozen=True, slots=True)
class Cause:
    """What led to commands: `name` tells it apart from all else."""

    name: str
    at: datetime
    correlation_id: str
    causation_id: UUID
    traceparent: str | None = None


class Planning:
    """`heard` is the consumers' handler, `run_due` the timers'."""

    def __init__(self, needs: Dependencies, pool: Pool, zone: str, clock: Clock = utc_now) -> None:
        self._needs = needs
        self._pool = pool
        self._zone = ZoneInfo(zone)
        self._clock = clock
        self._stood_in_for: frozenset[str] = frozenset()
        self._slots = asyncio.Semaphore(max(1, int(pool.get_max_size() * SHARE_OF_POOL)))

    async def heard(self, envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
        """Answer a batch of facts. Commands commit on their own; what is remembered of them, with the position."""
        by_customer: dict[UUID, list[Envelope[Any]]] = defaultdict(list)
        for envelope in envelopes:
            if isinstance(envelope.event, PlanTemplatePublished | CalendarPublished):
                if not await waiting.keep(held, envelope.event, envelope.event.name):
                    await self._put_in_force(held, envelope.event)
            elif type(envelope.event) not in CONFIGURATION:
                by_customer[envelope.subject].append(envelope)
        await memory.lock(held, by_customer)
        known = await memory.known(held, by_customer)
        plans: dict[UUID, list[PlanRow]] = defaultdict(list)
        for plan in await memory.running(held, by_customer):
            plans[plan.customer_id].append(plan)
        in_force = await self._in_force(held)
        self._stood_in_for = await memory.stood_in_for(held)
        for first in range(0, len(by_customer), CUSTOMERS_AT_ONCE):
            some = list(by_customer.items())[first : first + CUSTOMERS_AT_ONCE]
            answers = (self._hear(known.get(each), plans[each], own, in_force) for each, own in some)
            heard = await asyncio.gather(*answers)
            await memory.know(held, [customer for customer, _ in heard if customer])
            await memory.PLANS.save(held, [plan for _, kept in heard for plan in kept])

    async def run_due(self) -> int:
        """Look at the plans whose time has come: schedule further, take on a newer template, or end what is done."""
        async with transaction(self._pool) as held:
            for version in await waiting.take(held, self._clock()):
                await self._put_in_force(held, version)
        async with transaction(self._pool) as held:
            rows = await memory.due(held, self._clock(), DUE_BATCH)
            if rows:
                in_force = await self._in_force(held)
                self._stood_in_for = await memory.stood_in_for(held)
                known = await memory.known(held, [row.customer_id for row in rows])
                for row in rows:
                    await memory.PLANS.save(held, [await self._look(row, known.get(row.customer_id), in_force)])
        return len(rows)

    async def _in_force(self, held: Connection) -> InForce:
        now = self._clock()
        return InForce(now, await memory.in_force(held, now), self._needs.calendars)

    async def _put_in_force(self, held: Connection, version: Published) -> None:
        """Let the plans be looked at that a version concerns."""
        if isinstance(version, PlanTemplatePublished):
            await memory.publish(held, version, self._clock())
        elif isinstance(version, CalendarPublished):
            await memory.look_again(held, version.name, self._clock())

    async def _hear(
        self, customer: CustomerRef | None, running: list[PlanRow], own: Sequence[Envelope[Any]], in_force: InForce
    ) -> tuple[CustomerRef | None, list[PlanRow]]:
        plans = {plan.plan_id: plan for plan in running}
        answers: list[tuple[Envelope[Any], UUID, PlanCommand]] = []
        for envelope in own:
            if isinstance(envelope.event, customers.OWN):
                customer = project(customer, envelope)
            customer = customer or await self._find(envelope.subject)
            if customer is None:
                continue
            state = State(customer, running_of(plans), list(in_force.templates.values()), self._zone)
            for plan_id, command in react(envelope, state):
                plans[plan_id] = after(plans.get(plan_id), plan_id, command, envelope)
                answers.append((envelope, plan_id, command))
        if customer:
            await self._answer(customer, plans, running, answers, in_force)
            if any(isinstance(envelope.event, OwnerAssigned) for envelope in own):
                await self._revise_all(customer, plans, own[-1], in_force)
        return customer, list(plans.values())

    async def _find(self, customer_id: UUID) -> CustomerRef | None:
        async with self._slots:
            return await self._needs.customers.find(customer_id)

    async def _answer(
        self,
        customer: CustomerRef,
        plans: dict[UUID, PlanRow],
        before: Sequence[PlanRow],
        answers: Sequence[tuple[Envelope[Any], UUID, PlanCommand]],
        in_force: InForce,
    ) -> None:
        """Carry the commands out in their order, and remember what the plans have become."""
        rows = {plan.plan_id: plan for plan in before}
        for envelope, plan_id, command in answers:
            row = after(rows.get(plan_id), plan_id, command, envelope)
            rows[plan_id] = plans[plan_id] = await self._carry_out(row, command, cause_of(envelope), customer, in_force)

    async def _carry_out(
        self, row: PlanRow, command: PlanCommand, cause: Cause, customer: CustomerRef, in_force: InForce
    ) -> PlanRow:
        match command:
            case StartPlan():
                return await self._start(row, command, cause, customer, in_force)
            case ChangePlan():
                await self._tell_plan(row, command, cause)
                return await self._revise(row, cause, customer, in_force)
            case EndPlan():
                await self._tell_plan(row, command, cause)
                for key in row.tasks:
                    await self._cancel(row, key, cause)
                return row

    async def _start(
        self, row: PlanRow, command: StartPlan, cause: Cause, customer: CustomerRef, in_force: InForce
    ) -> PlanRow:
        """Start the plan and schedule its first tasks, in one append."""
        template = in_force.templates[row.template]
        calendar = await in_force.calendar(template.calendar)
        revision = revise(row, template, working(calendar), cause.at)
        tasks = await self._tasks(row, revision, cause, customer, calendar.number, template)
        linked = [self._needs.tasks.linked(task_id, schedule) for task_id, schedule in tasks.values()]
        await self._needs.plans.handle(
            row.plan_id,
            command,
            context(cause, f"{row.plan_id}|start"),
            subject=row.customer_id,
            linked=linked,
            is_new=True,
        )
        return with_tasks(row, tasks, revision)

    async def _revise(self, row: PlanRow, cause: Cause, customer: CustomerRef, in_force: InForce) -> PlanRow:
        """Bring the plan's open tasks to what its template says by now."""
        template = in_force.templates[row.template]
        calendar = await in_force.calendar(template.calendar)
        revision = revise(row, template, working(calendar), cause.at)
        for key in revision.cancel:
            await self._cancel(row, key, cause)
        for key, due in revision.move.items():
            await self._tell_task(row, key, Reschedule(due_at=due.at), cause)
        tasks = await self._tasks(row, revision, cause, customer, calendar.number, template)
        for key, (task_id, schedule) in tasks.items():
            asked = context(cause, f"{row.plan_id}|{key}")
            await self._needs.tasks.handle(task_id, schedule, asked, subject=row.customer_id, is_new=True)
        kept = {
            key: replace(task, due_at=revision.move[key].at) if key in revision.move else task
            for key, task in row.tasks.items()
            if key not in revision.cancel
        }
        return with_tasks(replace(row, tasks=kept), tasks, revision)

    async def _revise_all(
        self, customer: CustomerRef, plans: dict[UUID, PlanRow], envelope: Envelope[Any], in_force: InForce
    ) -> None:
        """Schedule what waited for an owner."""
        for plan in running_of(plans):
            if plan.template in in_force.templates:
                plans[plan.plan_id] = await self._revise(plan, cause_of(envelope), customer, in_force)

    async def _look(self, row: PlanRow, customer: CustomerRef | None, in_force: InForce) -> PlanRow:
        cause = Cause(f"look|{row.look_again_at.isoformat()}", self._clock(), f"plan-{row.plan_id}", row.anchor_id)
        template = in_force.templates[row.template]
        if customer is None:
            raise LookupError("a plan's customer must be known")
        if template.number != row.number:
            change = ChangePlan(number=template.number, tier=row.tier, reason="template-published")
            newer = replace(row, number=template.number, planned_from=cause.at)
            return await self._carry_out(newer, change, cause, customer, in_force)
        looked = await self._revise(row, cause, customer, in_force)
        calendar = await in_force.calendar(template.calendar)
        if not revise(looked, template, working(calendar), cause.at).is_done:
            return looked
        await self._tell_plan(looked, EndPlan(reason="done"), cause)
        return replace(looked, ended_because="done")

    async def _tasks(
        self,
        row: PlanRow,
        revision: Revision,
        cause: Cause,
        customer: CustomerRef,
        calendar_number: int,
        template: PlanTemplatePublished,
    ) -> dict[str, tuple[UUID, ScheduleForPlan]]:
        """Return the tasks to be scheduled, by key, for those who are to do them."""
        found = {}
        for key, due in revision.schedule.items():
            if given := await self._given(row, due, customer):
                command = schedule_of(row, due, given, template.calendar, calendar_number)
                found[key] = uuid5(row.plan_id, f"{key}|{cause.name}"), command
        return found

    async def _given(self, row: PlanRow, due: Due, customer: CustomerRef) -> Given | None:
        """Return who does it; an owner for whom nobody ever stands in is not asked about."""
        owner_id = customer.owner_id
        if due.step.assign is Assignment.OWNER and owner_id not in self._stood_in_for:
            return Given(owner_id, Assignment.OWNER) if owner_id else None
        async with self._slots:
            return await give(self._pool, work_of(row, due, customer))

    async def _cancel(self, row: PlanRow, key: str, cause: Cause) -> None:
        await self._tell_task(row, key, Cancel(), cause)

    async def _tell_task(self, row: PlanRow, key: str, command: Cancel | Reschedule, cause: Cause) -> None:
        """What has been done meanwhile stands: then the task refuses, and that is well."""
        asked = context(cause, f"{row.plan_id}|{key}|{type(command).__name__}")
        with contextlib.suppress(RejectedError):
            async with self._slots:
                await self._needs.tasks.handle(row.tasks[key].task_id, command, asked, subject=row.customer_id)

    async def _tell_plan(self, row: PlanRow, command: PlanCommand, cause: Cause) -> None:
        asked = context(cause, f"{row.plan_id}|{type(command).__name__}")
        async with self._slots:
            await self._needs.plans.handle(row.plan_id, command, asked, subject=row.customer_id)


def cause_of(envelope: Envelope[Any]) -> Cause:
    known = envelope.metadata
    return Cause(str(envelope.id), envelope.recorded_at, known.correlation_id, envelope.id, known.traceparent)


def context(cause: Cause, what: str) -> Context:
    return Context(
        key=f"plan|{cause.name}|{what}",
        actor=ACTOR.name,
        correlation_id=cause.correlation_id,
        now=cause.at,
        causation_id=cause.causation_id,
        traceparent=cause.traceparent,
    )

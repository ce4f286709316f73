"""Schedules the care tasks that alerts ask for, each once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import structlog

from chassis.commands.command_handler import CommandHandler
from chassis.commands.holders import Holders
from chassis.commands.item_limit import TooManyItemsError
from chassis.postgres.database import Connection, Pool
from contracts.alerts import AlertRaised, CareRequest
from contracts.event import Envelope
from services.followup.actor import ACTOR
from services.followup.assignment import away
from services.followup.commands.task import ScheduleForAlert
from services.followup.domain.task import Task
from services.followup.queries.customers import Customers


class CareRequests:
    """`receive` is the consumer's handler. The id of a task is derived from its alert, so that it is scheduled once."""

    def __init__(self, pool: Pool, *, customers: Customers, tasks: CommandHandler[Task | None]) -> None:
        self._pool = pool
        self._customers = customers
        self._tasks = tasks

    async def receive(self, envelopes: Sequence[Envelope[Any]], _held: Connection) -> None:
        for envelope in envelopes:
            if isinstance(envelope.event, AlertRaised) and envelope.event.care:
                await self._schedule(envelope, envelope.event.care)

    async def _schedule(self, envelope: Envelope[AlertRaised], care: CareRequest) -> None:
        """Schedule the task, unless the customer is erased, nobody can do it, or too many tasks are open.

        Alerts may know a customer before this service does.
        """
        alert, customer = envelope.event, await self._customers.find(envelope.subject)
        if customer and customer.is_erased:
            return
        holders = customer.holders if customer else Holders(envelope.event.customer_owner_id, envelope.event.leader_id)
        candidates = (care.assignee_id, holders.owner_id, holders.leader_id)
        assignee_id = await self._first_present([each for each in candidates if each], care.due_at)
        if assignee_id is None:
            structlog.get_logger().warning("care.nobody_to_assign", alert_id=str(alert.alert_id))
            return
        command = ScheduleForAlert(
            assignee_id=assignee_id,
            due_at=care.due_at,
            purpose=care.purpose,
            alert_id=alert.alert_id,
            alert_rule=alert.rule_id,
        )
        task_id = task_of(alert.alert_id)
        context = ACTOR.on_event(envelope, f"care|{alert.alert_id}")
        try:
            await self._tasks.handle(task_id, command, context, subject=envelope.subject)
        except TooManyItemsError:
            structlog.get_logger().warning("care.too_many_tasks", alert_id=str(alert.alert_id))

    async def _first_present(self, candidates: Sequence[str], due_at: datetime) -> str | None:
        """Return the first employee who is present when the task is due, or the stand-in of the first absent one."""
        absent = await away(self._pool, candidates, due_at)
        for each in candidates:
            if each not in absent:
                return each
            if (stand_in_id := absent[each]) and not await away(self._pool, [stand_in_id], due_at):
                return stand_in_id
        return None


def task_of(alert_id: UUID) -> UUID:
    """Return the id of the care task of an alert."""
    return uuid5(alert_id, "care-task")

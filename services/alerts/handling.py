"""Handles commands for alerts. An alert's stream has several writers, and its customer may change by a merge."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import NamedTuple
from uuid import UUID
from weakref import WeakValueDictionary

from chassis.commands.command import Context
from chassis.commands.command_handler import MAX_ATTEMPTS, CommandHandler
from chassis.commands.problem import not_found
from chassis.commands.result import ConflictError, Handled, VersionMismatchError
from chassis.postgres.database import Pool
from chassis.store.event_store import COLUMNS, recorded
from chassis.store.mapper import EventMapper
from contracts.alerts import AlertState
from services.alerts.commands import AlertCommand

LATEST = f"SELECT {COLUMNS} FROM event WHERE stream_id = $1 ORDER BY version DESC LIMIT 1"  # noqa: S608
IS_PENDING = "SELECT EXISTS (SELECT FROM pending_change WHERE alert_id = $1)"

Authorize = Callable[[AlertState | None], None]
# Returns the `authorize` for a customer's alert.
Authorization = Callable[[UUID], Awaitable[Authorize]]
# Appends the events of the pending changes of alerts.
AppendPending = Callable[[Collection[UUID]], Awaitable[None]]


class Latest(NamedTuple):
    """The last event of an alert: its version, its customer, and the state after it."""

    version: int
    customer_id: UUID
    alert: AlertState


class AlertHandler:
    """Sends commands to the streams of alerts."""

    def __init__(
        self,
        pool: Pool,
        mapper: EventMapper,
        handler: CommandHandler[AlertState | None],
        append_pending: AppendPending,
    ) -> None:
        self._pool = pool
        self._append_pending = append_pending
        self._mapper = mapper
        self._handler = handler
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def latest(self, alert_id: UUID) -> Latest:
        """Return the last event of the alert; raise the 404 problem if there is no such alert."""
        row = await self._pool.fetchrow(LATEST, alert_id)
        envelope = self._mapper.to_envelope(recorded(row)) if row else None
        if envelope is None or not isinstance(envelope.event, AlertState):
            raise not_found()
        return Latest(envelope.version, envelope.subject, envelope.event)

    async def handle(
        self,
        alert_id: UUID,
        command: AlertCommand,
        context: Context,
        authorization: Authorization,
        expected_version: int | None = None,
    ) -> Handled:
        """Handle the command under the alert's present customer, and again if another event came between.

        The events of pending changes of the alert are appended first.

        Raises like CommandHandler.handle, VersionMismatchError only for `expected_version`; and the 404 problem.
        """
        step = command.with_moment(context.actor, context.now)
        async with self._locks.setdefault(alert_id, asyncio.Lock()):
            for _ in range(MAX_ATTEMPTS):
                if await self._pool.fetchval(IS_PENDING, alert_id):
                    await self._append_pending([alert_id])
                latest = await self.latest(alert_id)
                try:
                    return await self._handler.handle(
                        alert_id,
                        step,
                        context,
                        subject=latest.customer_id,
                        expected_version=latest.version if expected_version is None else expected_version,
                        authorize=await authorization(latest.customer_id),
                    )
                except VersionMismatchError:
                    if expected_version is not None:
                        raise
        raise ConflictError(f"{MAX_ATTEMPTS} attempts on {alert_id} met concurrent changes")

"""The alerts service without its processes, on the clock of a measurement: consumer, timers, ladder, lists, people."""

from collections.abc import Sequence
from typing import Any

from pydantic import SecretStr

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import Connection, Pool, transaction
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from chassis.versions.lookup import Versions
from contracts.alerts import AlertRaised
from contracts.event import Envelope
from services.alerts import commands, projection
from services.alerts.detection.detector import DUE_BATCH, Detector
from services.alerts.detection.pending_timer import PendingTimer
from services.alerts.detection.sweep import Sweep
from services.alerts.domain.alert import ALERT
from services.alerts.domain.definition import LADDER, QUIET_HOURS
from services.alerts.handling import AlertHandler
from services.alerts.ladder.definitions import StoredLadders
from services.alerts.ladder.rows import LadderRows
from services.alerts.ladder.timer import LadderTimer, anybody
from services.alerts.quiet_hours.stored import StoredQuietHours
from services.alerts.shipped.rules import DEFAULT_RULES
from services.alerts.staff.directory import Directory
from tests.bench.scale.alert_feed import AlertFeed
from tests.bench.scale.rearm import Published
from tests.bench.scale.timers import Clock

# The store has the clock of the server, so what it has appended is dated by the clock of the measurement.
DATE = "UPDATE event SET recorded_at = $1 WHERE position > $2"
# One alert in so many is acknowledged by a person, with a request.
ACKNOWLEDGED = 3


class AlertService:
    """`run` does all work that is due; the parts are those of the service."""

    def __init__(self, pool: Pool, admin: Connection, clock: Clock) -> None:
        self.pool, self.clock = pool, clock
        self._admin, self._seen = admin, 0
        self.store, self.mapper, self.rules = EventStore(pool), EventMapper(), Published(DEFAULT_RULES)
        pseudonyms = Pseudonyms(SecretStr("k" * 32))
        quiet = StoredQuietHours(self.mapper, Versions(QUIET_HOURS, self.store, self.mapper, pseudonyms).stream_of())
        ladders = StoredLadders(self.mapper, Versions(LADDER, self.store, self.mapper, pseudonyms).stream_of)
        self.detector = Detector(self.store, pool, self.mapper, self.rules, clock, quiet)
        self.feed = AlertFeed(pool, self.detector, clock)
        self._sweep = Sweep(pool, self.detector, self.rules, clock)
        self._rows = LadderRows(self.mapper, ladders)
        self._pending = PendingTimer(pool, self.detector, clock)
        commands = CommandHandler(self.store, ALERT, self.mapper)
        self._alerts = AlertHandler(pool, self.mapper, commands, self.detector.append_pending)
        self._ladder = LadderTimer(pool, self.mapper, self._alerts, Directory(pool), ladders, quiet, clock)

    async def run(self) -> None:
        """Raise, sweep and climb until nothing is due."""
        while await self.detector.run_due():
            pass
        while await self._sweep.run_due() or await self._pending.run_due():
            pass
        for each in await self.project():
            if isinstance(each.event, AlertRaised) and each.stream_id.int % ACKNOWLEDGED == 0:
                await self._acknowledge(each)
        while await self._ladder.run_due():
            await self.project()
        await self.project()

    async def project(self) -> Sequence[Envelope[Any]]:
        """Let the lists and the ladder apply the new events of the store; return these."""
        await self._admin.execute(DATE, self.clock.now, self._seen)
        found: list[Envelope[Any]] = []
        while rows := await self.store.read_all(after=self._seen, limit=DUE_BATCH):
            new = [self.mapper.to_envelope(row) for row in rows]
            async with transaction(self.pool) as held:
                await projection.apply(new, held)
                await self._rows.apply(new, held)
            self._seen = new[-1].position
            found += new
        return found

    async def _acknowledge(self, raised: Envelope[Any]) -> None:
        key = f"leader|POST /v1/alerts/{raised.stream_id}/acknowledgement|{raised.version}"
        context = Context(key, "leader", str(raised.stream_id), self.clock.now, request_hash=b"request", expires=True)
        await self._alerts.handle(raised.stream_id, commands.Acknowledge(), context, anybody)

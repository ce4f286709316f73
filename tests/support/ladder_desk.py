"""The ladder with its table, its timer and people, on a clock that a test moves."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import Pool, transaction
from chassis.rules.calendars.shipped import CHINA_OFFICE
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from chassis.versions.decider import Publish
from chassis.versions.lookup import Versions
from contracts import alerts as events
from contracts.alerts import AlertSeverity, LadderPublished, Rung, Whom
from contracts.event import Event
from contracts.examples import CUSTOMER_ID, example, example_envelope
from services.alerts import commands
from services.alerts.actor import ACTOR
from services.alerts.detection.detector import Detector
from services.alerts.domain.alert import ALERT
from services.alerts.domain.definition import LADDER, QUIET_HOURS
from services.alerts.domain.mute import MUTE
from services.alerts.handling import AlertHandler
from services.alerts.ladder.definitions import StoredLadders
from services.alerts.ladder.rows import LadderRows
from services.alerts.ladder.timer import LadderTimer, anybody
from services.alerts.quiet_hours.stored import StoredQuietHours
from services.alerts.staff.directory import Directory
from services.alerts.staff.mutes import mute_id
from tests.bench.harness.event_data import fill
from tests.support.facts import received_of
from tests.support.rule_books import THREE_RULES

SHANGHAI = ZoneInfo("Asia/Shanghai")
OWNER, LEADER, STAND_IN = "E1", "E2", "E5"
CRITICAL = AlertSeverity.CRITICAL
LATE_ROW = "INSERT INTO alert_ladder (alert_id, customer_id, rule_id, next_rung_at) VALUES ($1, $2, 'inactivity', $3)"
LAST = "SELECT coalesce(max(position), 0) FROM event"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@dataclass
class Desk:
    """The parts of the ladder on the clock of the test. The store keeps its own: events are dated by hand."""

    pool: Pool
    admin: Pool
    now: datetime = field(default_factory=lambda: at("2025-09-01 09:00"))
    positions: int = 0
    seen: int = 0

    def __post_init__(self) -> None:
        self.mapper, self.store = EventMapper(), EventStore(self.pool)
        self.ladders = Versions(LADDER, self.store, self.mapper, Pseudonyms(SecretStr("k" * 32)))
        self.stored = StoredLadders(self.mapper, self.ladders.stream_of)
        versions = Versions(QUIET_HOURS, self.store, self.mapper, Pseudonyms(SecretStr("k" * 32)))
        self.quiet_hours, self.quiet = versions, StoredQuietHours(self.mapper, versions.stream_of())
        self.rows = LadderRows(self.mapper, self.stored)
        self.detector = Detector(self.store, self.pool, self.mapper, THREE_RULES)
        self.restart()

    def restart(self) -> None:
        commands = CommandHandler(self.store, ALERT, self.mapper)
        self.alerts = AlertHandler(self.pool, self.mapper, commands, self.detector.append_pending)
        directory = Directory(self.pool)
        self.timer = LadderTimer(
            self.pool, self.mapper, self.alerts, directory, self.stored, self.quiet, lambda: self.now
        )

    async def tell(self, told: Event, subject: UUID = CUSTOMER_ID) -> None:
        self.positions += 1
        times = {"occurred_at": self.now, "recorded_at": self.now}
        place = {"id": uuid4(), "subject": subject, "stream_id": subject, "position": self.positions}
        envelope = example_envelope(told, **place, **times)
        async with transaction(self.pool) as held:
            await self.detector.apply(received_of([envelope]), held)

    async def open(
        self, severity: AlertSeverity = CRITICAL, owner_id: str | None = OWNER, rule_id: str = "inactivity"
    ) -> UUID:
        alert_id = uuid4()
        fields = {"alert_id": alert_id, "severity": severity, "owner_id": owner_id, "rule_id": rule_id}
        raised = example(events.AlertRaised, **fields)
        await fill(self.store, [example_envelope(raised, stream_id=alert_id)])
        await self.dated()
        return alert_id

    async def do(self, alert_id: UUID, command: commands.AlertCommand) -> None:
        context = ACTOR.on_timer(self.now, str(uuid4()), "test")
        await self.alerts.handle(alert_id, command, context, anybody)
        await self.dated()

    async def mute(self, rule_id: str, until: datetime | None) -> None:
        await self._change_mute(commands.MuteRule(rule_id=rule_id, at=self.now, until=until, reason="客户休假"))

    async def unmute(self, rule_id: str) -> None:
        await self._change_mute(commands.UnmuteRule(rule_id=rule_id, at=self.now))

    async def _change_mute(self, command: commands.MuteRule | commands.UnmuteRule) -> None:
        mutes = CommandHandler(self.store, MUTE, self.mapper)
        context = ACTOR.on_timer(self.now, str(uuid4()), "test")
        await mutes.handle(mute_id(CUSTOMER_ID, command.rule_id), command, context, subject=CUSTOMER_ID)
        await self.dated()

    async def publish(self, severity: AlertSeverity, *rungs: tuple[int, Whom], calendar: str = CHINA_OFFICE) -> None:
        steps = tuple(Rung(after_minutes=after, whom=whom) for after, whom in rungs)
        version = LadderPublished(number=1, severity=severity, calendar=calendar, rungs=steps, reason="A test")
        context = ACTOR.on_timer(self.now, str(uuid4()), "test")
        stream = self.ladders.stream_of(severity)
        await self.ladders.handler.handle(stream, Publish(version=version, at=self.now), context)
        await self.dated()

    async def end(self, alert_id: UUID) -> None:
        latest = await self.alerts.latest(alert_id)
        cleared = events.AlertCleared.model_validate(
            {name: getattr(latest.alert, name) for name in events.AlertState.model_fields}
            | {"status": "resolved", "ends_at": self.now}
        )
        envelope = example_envelope(cleared, stream_id=alert_id, version=latest.version + 1)
        await fill(self.store, [envelope])
        await self.dated()

    async def dated(self) -> None:
        """Date what is new by the clock of the test, and let the feed apply it."""
        async with transaction(self.admin) as held:
            await held.execute("UPDATE event SET recorded_at = $1 WHERE position > $2", self.now, self.seen)
        found = [self.mapper.to_envelope(row) for row in await self.store.read_all(after=self.seen)]
        async with transaction(self.pool) as held:
            await self.rows.apply(found, held)
        self.seen = await self.pool.fetchval(LAST)

    async def run(self, until: str, *, every: timedelta = timedelta(minutes=10)) -> None:
        """Let the timer run until a time."""
        end = at(until)
        while self.now <= end:
            while await self.timer.run_due():
                await self.dated()
            self.now += every
        self.now = end

    async def rungs(self, alert_id: UUID) -> list[tuple[str, str, tuple[str, ...]]]:
        """Return when each rung was reached, its name and whom it reached."""
        told = [self.mapper.to_envelope(row) async for row in self.store.read_stream(alert_id)]
        return [
            (f"{each.recorded_at.astimezone(SHANGHAI):%m-%d %H:%M}", each.event.rung, each.event.employee_ids)
            for each in told
            if isinstance(each.event, events.AlertEscalated)
        ]

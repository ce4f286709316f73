"""The ladder without its database: its pure parts, the deciders, and the state that services/alerts keeps in tables."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.commands.decider import RejectedError
from contracts.alerts import AlertEscalated, AlertSeverity, AlertState, LadderPublished, RuleMuted, Status, Whom
from contracts.event import Envelope, Event
from contracts.examples import example_envelope
from services.alerts import commands
from services.alerts.commands import Escalate
from services.alerts.domain import alert as alerts
from services.alerts.domain import mute as mutes
from services.alerts.engine.stretch import NEVER_DUE
from services.alerts.ladder.climbing import Due, Reached, look, next_rung
from services.alerts.ladder.definitions import Ladders
from services.alerts.ladder.rows import key_of, next_due
from services.alerts.ladder.timer import RETRY
from services.alerts.quiet_hours.windows import QuietHours
from services.alerts.staff.calendars import Publication, calendar_at
from tests.silence import ladder_events
from tests.silence.ladder_happenings import (
    AbsenceCancelled,
    Acknowledged,
    Assigned,
    Away,
    CalendarVersion,
    Carried,
    Cleared,
    Happening,
    Held,
    LadderVersion,
    Left,
    Looked,
    Muted,
    QuietVersion,
    Raised,
    Readdressed,
    Restarted,
    Returned,
    Rung,
    Snoozed,
    Unmuted,
    Unsnoozed,
)

ONE_DAY = timedelta(days=1)
Stream = list[Envelope[Any]]


@dataclass
class Staff:
    """Who holds customers, is absent, or has left: what the directory reads from its tables."""

    holders: dict[UUID, Held] = field(default_factory=dict)
    absences: dict[UUID, Away] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def take(self, it: Held | Away | AbsenceCancelled | Left | Returned) -> None:
        match it:
            case Held():
                self.holders[it.customer_id] = it
            case Away():
                self.absences[it.absence_id] = it
            case AbsenceCancelled():
                self.absences.pop(it.absence_id, None)
            case Left():
                self.gone.add(it.employee_id)
            case Returned():
                self.gone.discard(it.employee_id)

    def present(self, employee_id: str, now: datetime) -> str | None:
        if employee_id in self.gone:
            return None
        away = self.absence(employee_id, now)
        if away is None:
            return employee_id
        stand_in = away.stand_in_id
        is_there = stand_in and stand_in not in self.gone and self.absence(stand_in, now) is None
        return stand_in if is_there else None

    def absence(self, employee_id: str, now: datetime) -> Away | None:
        own = (each for each in self.absences.values() if each.employee_id == employee_id)
        return next((each for each in own if instant(each.first_day) <= now < instant(each.last_day + ONE_DAY)), None)


def instant(day: Any) -> datetime:
    return datetime.combine(day, time(), ZoneInfo("Asia/Shanghai"))


@dataclass
class Ladder:
    """The ladder as the service runs it: events of alerts, rows with due times, and a timer."""

    streams: dict[UUID, Stream] = field(default_factory=dict)
    rows: dict[UUID, datetime] = field(default_factory=dict)
    deferred: set[UUID] = field(default_factory=set)
    versions: list[Envelope[LadderPublished]] = field(default_factory=list)
    calendars: dict[str, list[Publication]] = field(default_factory=lambda: defaultdict(list))
    mutes: dict[tuple[UUID, str], RuleMuted | None] = field(default_factory=dict)
    quiet: QuietVersion | None = None
    staff: Staff = field(default_factory=Staff)
    position: int = 0

    @property
    def said(self) -> list[Rung]:
        """Return the rungs that were reached."""
        found = [each for stream in self.streams.values() for each in stream if isinstance(each.event, AlertEscalated)]
        return [
            Rung(
                each.recorded_at,
                each.stream_id,
                each.event.escalation_level,
                each.event.rung,
                each.event.employee_ids,
                each.event.deliver_after,
            )
            for each in found
        ]

    @property
    def ladders(self) -> Ladders:
        return Ladders(self.versions, self.calendars)

    def take(self, it: Happening) -> None:
        match it:
            case Raised():
                self.append(it.alert_id, it.customer_id, it.at, [ladder_events.raised(it)])
            case Cleared() | Readdressed() | Carried():
                self.detect(it)
            case Acknowledged() | Assigned() | Snoozed() | Unsnoozed():
                self.handle(it.alert_id, ladder_events.command(it), it.at)
            case Muted() | Unmuted():
                self.change_mute(it)
            case LadderVersion():
                self.publish_ladder(it)
            case CalendarVersion():
                self.calendars[it.name].append(Publication(it.at, ladder_events.calendar(it)))
                self.look_again(it.at)
            case QuietVersion():
                self.quiet = it
            case Looked():
                self.run(it.at)
            case Restarted():
                self.restart(it.at)
            case _:
                self.staff.take(it)

    def append(self, alert_id: UUID, customer_id: UUID, at: datetime, events: Sequence[Event]) -> None:
        stream = self.streams.setdefault(alert_id, [])
        for event in events:
            self.position += 1
            place = {"version": len(stream) + 1, "position": self.position, "subject": customer_id}
            stream.append(example_envelope(event, stream_id=alert_id, recorded_at=at, occurred_at=at, **place))
        if events:
            self.apply(alert_id)

    def detect(self, it: Cleared | Readdressed | Carried) -> None:
        stream = self.streams.get(it.alert_id)
        if not stream or stream[-1].event.status is Status.RESOLVED:
            return
        first, *others = ladder_events.detected(it, stream[-1].event, stream[-1].subject)
        self.append(it.alert_id, stream[-1].subject, it.at, [first])
        if isinstance(it, Carried):
            self.append(it.alert_id, it.customer_id, it.at, others)

    def handle(self, alert_id: UUID, command: commands.AlertCommand, at: datetime) -> None:
        stream = self.streams[alert_id]
        try:
            events = alerts.decide(stream[-1].event, command.with_moment("E1", at))
        except RejectedError:
            return
        self.append(alert_id, stream[-1].subject, at, events)

    def change_mute(self, it: Muted | Unmuted) -> None:
        key = (it.customer_id, it.rule_id)
        command: commands.MuteRule | commands.UnmuteRule = commands.UnmuteRule(rule_id=it.rule_id, at=it.at)
        if isinstance(it, Muted):
            command = commands.MuteRule(rule_id=it.rule_id, at=it.at, until=it.until, reason="客户休假")
        try:
            for event in mutes.decide(self.mutes.get(key), command):
                self.mutes[key] = mutes.evolve(self.mutes.get(key), event)
        except RejectedError:
            return
        for alert_id, stream in self.streams.items():
            if key_of(stream) == key:
                self.apply(alert_id)

    def muted(self, stream: Stream) -> datetime | None:
        found = self.mutes.get(key_of(stream))
        return (found.muted_until or NEVER_DUE) if found else None

    def publish_ladder(self, it: LadderVersion) -> None:
        self.position += 1
        event = ladder_events.ladder(it, len(self.versions) + 1)
        self.versions.append(example_envelope(event, position=self.position, recorded_at=it.at))

    def look_again(self, now: datetime) -> None:
        self.rows.update(dict.fromkeys(self.deferred & self.rows.keys(), now))
        self.deferred.clear()

    def apply(self, alert_id: UUID) -> None:
        """Compute the row of an alert, as the feed does."""
        stream = self.streams[alert_id]
        due_at = next_due(stream, self.ladders, self.muted(stream))
        self.deferred.discard(alert_id)
        if due_at is None:
            self.rows.pop(alert_id, None)
        else:
            self.rows[alert_id] = due_at

    def restart(self, now: datetime) -> None:
        """Look at all alerts again: the rows say only when to look."""
        self.rows = dict.fromkeys(self.rows, now)

    def run(self, now: datetime) -> None:
        """Let the timer look at what is due until nothing is."""
        while due := [alert_id for alert_id, due_at in self.rows.items() if due_at <= now]:
            for alert_id in due:
                self.ring(alert_id, now)

    def ring(self, alert_id: UUID, now: datetime) -> None:
        self.rows[alert_id] = now + RETRY
        stream = self.streams[alert_id]
        match look(stream, self.ladders, self.muted(stream), now):
            case datetime() as next_look:
                self.rows[alert_id] = next_look
                self.deferred.add(alert_id)
                return
            case due:
                command = self.next(due, self.reached(stream, due, now))
        waits = {"deliver_after": self.deliver_after(stream[-1].event.severity, now)}
        self.handle(alert_id, command.model_copy(update=waits), now)

    def next(self, due: Due, reached: Reached) -> Escalate:
        return next_rung(due, reached)

    def reached(self, stream: Stream, _due: Due, now: datetime) -> Reached:
        alert: AlertState = stream[-1].event
        held = self.staff.holders.get(self.customer_of(stream))
        asked = {Whom.OWNER: alert.owner_id, Whom.LEADER: held and held.leader_id}
        found = {whom: self.staff.present(each, now) for whom, each in asked.items() if each}
        return {Whom.OPERATIONS: ()} | {whom: (each,) for whom, each in found.items() if each}

    def customer_of(self, stream: Stream) -> UUID:
        return stream[-1].subject

    def deliver_after(self, severity: AlertSeverity, now: datetime) -> datetime | None:
        if self.quiet is None:
            return None
        definition = ladder_events.quiet_hours(self.quiet)
        name = definition.calendar
        return QuietHours(definition, calendar_at(self.calendars[name], name, now)).deliver_after(severity, now)

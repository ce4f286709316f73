"""Variants of the ladder that are broken on purpose: what the oracle must detect."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from chassis.rules.worktime import Interval, WorkCalendar
from contracts.alerts import AlertAcknowledged, AlertSeverity, AlertSnoozed, AlertUnsnoozed, Whom
from contracts.event import Event
from services.alerts.commands import Escalate
from services.alerts.ladder.climbing import Due, Reached
from services.alerts.ladder.definitions import Ladders
from tests.silence.ladder_happenings import Away, Cleared, Happening, Muted, Readdressed, Unmuted
from tests.silence.ladders import Ladder, Staff, Stream

ROUND_THE_CLOCK = (Interval(0, 1440),)


class Misses(Ladder):
    """Misses the events of a type."""

    missed: ClassVar[type[Event]]

    def append(self, alert_id: UUID, customer_id: UUID, at: datetime, events: Sequence[Event]) -> None:
        super().append(alert_id, customer_id, at, [each for each in events if not isinstance(each, self.missed)])


class IgnoresSnoozes(Misses):
    missed = AlertSnoozed


class IgnoresTheEndOfSnoozes(Misses):
    missed = AlertUnsnoozed


class IgnoresAcknowledgements(Misses):
    missed = AlertAcknowledged


class MissesHappenings(Ladder):
    ignored: ClassVar[tuple[type[object], ...]]

    def take(self, it: Happening) -> None:
        if not isinstance(it, self.ignored):
            super().take(it)


class IgnoresMutes(MissesHappenings):
    ignored = (Muted,)


class KeepsMutes(MissesHappenings):
    ignored = (Unmuted,)


class KeepsTheFormerOwner(MissesHappenings):
    ignored = (Readdressed,)


class IgnoresTheEnd(MissesHappenings):
    ignored = (Cleared,)


class RemindsTheAbsent(MissesHappenings):
    ignored = (Away,)


class OtherLadders(Ladders):
    """Another choice of ladders and calendars."""


class CountsAllTime(OtherLadders):
    def calendar(self, name: str, at: datetime) -> WorkCalendar:
        return replace(super().calendar(name, at), week=(ROUND_THE_CLOCK,) * 7, days={})


class RingsAtNight(OtherLadders):
    def work_begins(self, _name: str, _now: datetime) -> datetime | None:
        return None


class ForgetsWhatWaits(OtherLadders):
    """Defers to the start of work time, although another version may come into force before."""

    def work_begins(self, name: str, now: datetime) -> datetime | None:
        return Ladders(self.versions, {name: self.calendars[name][:1]}).work_begins(name, now)


class WithOtherLadders(Ladder):
    kind: ClassVar[type[OtherLadders]]

    @property
    def ladders(self) -> Ladders:
        return self.kind(self.versions, self.calendars)


class MeasuresAllTime(WithOtherLadders):
    kind = CountsAllTime


class NeverWaitsForWorkTime(WithOtherLadders):
    kind = RingsAtNight


class DefersByTheFirstCalendar(WithOtherLadders):
    kind = ForgetsWhatWaits


class ClimbsTheLatestLadder(Ladder):
    """Takes versions for older than every alert."""

    @property
    def ladders(self) -> Ladders:
        return Ladders([replace(each, position=0) for each in self.versions], self.calendars)


class MeasuresByTheLatestCalendar(Ladder):
    """Takes calendars for published long ago."""

    @property
    def ladders(self) -> Ladders:
        old = timedelta(days=1_000)
        calendars = {
            name: [each._replace(recorded_at=each.recorded_at - old) for each in published]
            for name, published in self.calendars.items()
        }
        return Ladders(self.versions, calendars)


class LooksOnlyWhenDeferred(Ladder):
    """Does not look again when a calendar was published."""

    def look_again(self, now: datetime) -> None:
        pass


class WaitsOnEmptyRungs(Ladder):
    def next(self, due: Due, reached: Reached) -> Escalate:
        return super().next(due._replace(rungs=due.rungs[:1]), reached)


class RemindsTheOwnerOnly(Ladder):
    def reached(self, stream: Stream, due: Due, now: datetime) -> Reached:
        found = super().reached(stream, due, now)
        return {**found, Whom.LEADER: found[Whom.OWNER]} if Whom.OWNER in found else found


class RemindsTheFormerLeader(Ladder):
    """Asks the leader of the customer under whom the alert was raised."""

    def customer_of(self, stream: Stream) -> UUID:
        return stream[0].subject


class AnyStandIn(Staff):
    """Takes a stand-in who is absent."""

    def absence(self, employee_id: str, now: datetime) -> Away | None:
        away = super().absence(employee_id, now)
        is_stand_in = any(each.stand_in_id == employee_id for each in self.absences.values())
        return None if is_stand_in else away


@dataclass
class RemindsAbsentStandIns(Ladder):
    staff: Staff = field(default_factory=AnyStandIn)


class RingsTwiceAfterARestart(Ladder):
    def restart(self, _now: datetime) -> None:
        for stream in self.streams.values():
            level = max(0, stream[-1].event.escalation_level - 1)
            stream[-1] = replace(stream[-1], event=stream[-1].event.model_copy(update={"escalation_level": level}))


class LosesRowsAtARestart(Ladder):
    def restart(self, _now: datetime) -> None:
        self.rows.clear()


class DeliversInQuietHours(Ladder):
    def deliver_after(self, _severity: AlertSeverity, _now: datetime) -> datetime | None:
        return None


class HoldsBackEverything(Ladder):
    """Holds back what the quiet hours do not concern."""

    def deliver_after(self, _severity: AlertSeverity, now: datetime) -> datetime | None:
        concerned = [each for each in AlertSeverity if not self.quiet or each not in self.quiet.ignored_by]
        return super().deliver_after(concerned[0], now)


BROKEN_LADDERS: list[type[Ladder]] = [
    IgnoresSnoozes,
    IgnoresTheEndOfSnoozes,
    IgnoresAcknowledgements,
    IgnoresMutes,
    KeepsMutes,
    KeepsTheFormerOwner,
    IgnoresTheEnd,
    RemindsTheAbsent,
    MeasuresAllTime,
    NeverWaitsForWorkTime,
    DefersByTheFirstCalendar,
    ClimbsTheLatestLadder,
    MeasuresByTheLatestCalendar,
    LooksOnlyWhenDeferred,
    WaitsOnEmptyRungs,
    RemindsTheOwnerOnly,
    RemindsTheFormerLeader,
    RemindsAbsentStandIns,
    RingsTwiceAfterARestart,
    LosesRowsAtARestart,
    DeliversInQuietHours,
    HoldsBackEverything,
]

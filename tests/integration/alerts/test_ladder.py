"""The ladder with its table, its timer and people, on a clock that the test moves; and 14 days of it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from prometheus_client import Counter

from chassis.postgres.database import open_pool, transaction
from chassis.rules.calendars.shipped import CHINA_OFFICE, SHIPPED
from chassis.runtime import metrics
from chassis.versions.decider import Publish
from contracts import alerts as events
from contracts.alerts import AlertSeverity, QuietWindow, Whom
from contracts.customer import EmployeeLeft, OwnerAssigned
from contracts.examples import CUSTOMER_ID, EMPLOYEE_STREAM_ID, example, example_envelope
from contracts.followup import AbsenceNoted
from contracts.followup.calendar import Closure, WorkInterval
from services.alerts import commands
from services.alerts.actor import ACTOR
from services.alerts.engine.stretch import NEVER_DUE
from services.alerts.ladder.problems import FORGOTTEN_AFTER
from services.alerts.ladder.timer import RETRY
from services.alerts.quiet_hours.windows import QuietHours
from services.alerts.staff.mutes import muted_until
from tests.bench.harness.event_data import fill
from tests.support.ladder_desk import CRITICAL, LATE_ROW, LEADER, OWNER, STAND_IN, Desk, at
from tests.support.servers import Servers


@pytest.fixture
async def desk(running: Servers) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(running.passing("alerts"))
        pool = await open_pool(database.app, size=4, application_name="tests")
        stack.push_async_callback(pool.close)
        admin = await open_pool(database.admin, size=1, application_name="tests")
        stack.push_async_callback(admin.close)
        desk = Desk(pool, admin)
        await desk.tell(OwnerAssigned(owner_id=OWNER, leader_id=LEADER))
        yield desk


async def test_a_step_that_is_paused_by_the_night_comes_once(desk: Desk) -> None:
    desk.now = at("2025-09-29 06:00")
    alert_id = await desk.open(AlertSeverity.INFO)
    await desk.run("2025-09-29 07:00")
    assert await desk.rungs(alert_id) == []
    desk.restart()
    await desk.run("2025-09-29 08:50")
    desk.restart()
    await desk.run("2025-09-29 09:30")
    await desk.run("2025-10-15 18:00", every=timedelta(hours=1))
    assert [when for when, *_ in await desk.rungs(alert_id)] == ["09-29 09:00"]


async def test_after_an_acknowledgement_at_night_nothing_comes_in_the_morning(desk: Desk) -> None:
    desk.now = at("2025-09-29 20:00")
    alert_id = await desk.open()
    desk.now = at("2025-09-29 23:00")
    await desk.do(alert_id, commands.Acknowledge())
    await desk.run("2025-09-30 18:00")
    assert await desk.rungs(alert_id) == []


async def test_the_end_of_an_alert_that_was_cleared_during_a_snooze_is_told_and_nothing_else(desk: Desk) -> None:
    desk.now = at("2025-09-29 09:00")
    alert_id = await desk.open()
    await desk.run("2025-09-29 09:00")
    await desk.do(alert_id, commands.Snooze(until=at("2025-09-30 09:00"), reason="客户休假"))
    desk.now = at("2025-09-29 15:00")
    await desk.end(alert_id)
    await desk.run("2025-09-30 18:00")
    told = [row.topic.split(".")[2] async for row in desk.store.read_stream(alert_id)]
    assert told == ["raised", "escalated", "snoozed", "cleared"]


async def test_an_empty_rung_goes_on_to_the_next_at_once(desk: Desk) -> None:
    desk.now = at("2025-09-29 10:00")
    alert_id = await desk.open(owner_id=None)
    await desk.run("2025-09-29 14:30")
    assert await desk.rungs(alert_id) == [("09-29 10:00", "leader", (LEADER,))]
    await desk.run("2025-09-29 15:30")
    assert (await desk.rungs(alert_id))[1:] == [("09-29 15:30", "operations", ())]


async def test_a_ladder_that_reaches_nobody_ends(desk: Desk) -> None:
    desk.now = at("2025-09-29 10:00")
    alert_id = await desk.open(AlertSeverity.INFO, owner_id=None)
    await desk.run("2025-09-29 11:00")
    assert await desk.rungs(alert_id) == [("09-29 10:00", "owner", ())]
    assert await desk.pool.fetchval("SELECT count(*) FROM alert_ladder") == 0


@pytest.mark.parametrize(
    ("stand_in_id", "expected"), [(STAND_IN, ("owner", (STAND_IN,))), (None, ("leader", (LEADER,)))]
)
async def test_the_stand_in_of_an_absent_owner_is_reminded_or_the_leader(
    desk: Desk, stand_in_id: str | None, expected: tuple[str, tuple[str, ...]]
) -> None:
    desk.now = at("2025-09-29 10:00")
    day = date(2025, 9, 29)
    absence = example(AbsenceNoted, employee_id=OWNER, first_day=day, last_day=day, stand_in_id=stand_in_id)
    await desk.tell(absence, EMPLOYEE_STREAM_ID)
    alert_id = await desk.open()
    await desk.run("2025-09-29 10:00")
    assert [(whom, reached) for _, whom, reached in await desk.rungs(alert_id)] == [expected]


async def test_who_has_left_is_not_reminded(desk: Desk) -> None:
    desk.now = at("2025-09-29 10:00")
    await desk.tell(EmployeeLeft(employee_id=OWNER), EMPLOYEE_STREAM_ID)
    alert_id = await desk.open()
    await desk.run("2025-09-29 10:00")
    assert [whom for _, whom, _ in await desk.rungs(alert_id)] == ["leader"]


async def test_whoever_the_alert_is_assigned_to_is_reminded_next(desk: Desk) -> None:
    desk.now = at("2025-09-29 08:00")
    alert_id = await desk.open()
    await desk.do(alert_id, commands.AssignAlert(owner_id="E7"))
    await desk.run("2025-09-29 09:00")
    assert [reached for *_, reached in await desk.rungs(alert_id)] == [("E7",)]


async def test_an_assignment_while_the_timer_reads_is_followed_and_not_overtaken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timer has read that the rung reaches the owner; then the alert is assigned; then the timer sends the rung."""
    desk.now = at("2025-09-29 09:00")
    alert_id = await desk.open()
    load = desk.quiet.load

    async def assign_first(*arguments: Any) -> QuietHours:
        monkeypatch.undo()
        await desk.do(alert_id, commands.AssignAlert(owner_id="E7"))
        return await load(*arguments)

    monkeypatch.setattr(desk.quiet, "load", assign_first)
    await desk.run("2025-09-29 09:30")
    assert [reached for *_, reached in await desk.rungs(alert_id)] == [("E7",)]


async def test_a_mute_holds_the_rungs_back_and_its_end_lets_them_go_on(desk: Desk) -> None:
    desk.now = at("2025-09-29 08:00")
    alert_id, other_id = await desk.open(rule_id="muted"), await desk.open(rule_id="other")
    await desk.mute("muted", None)
    await desk.run("2025-09-29 17:00")
    assert await desk.rungs(alert_id) == []
    assert len(await desk.rungs(other_id)) == 3
    await desk.unmute("muted")
    desk.restart()
    await desk.run("2025-09-29 17:10")
    first, *_ = await desk.rungs(alert_id)
    assert first[0] == "09-29 17:00"


async def test_after_the_end_of_a_mute_the_rungs_come_in_work_time(desk: Desk) -> None:
    desk.now = at("2025-09-29 08:00")
    await desk.mute("muted", at("2025-09-30 05:00"))
    alert_id = await desk.open(AlertSeverity.INFO, rule_id="muted")
    await desk.run("2025-09-30 10:00")
    assert [when for when, *_ in await desk.rungs(alert_id)] == ["09-30 09:00"]


CLOSED = SHIPPED[CHINA_OFFICE].model_copy(update={"number": 2, "closures": (Closure(day=date(2025, 9, 29)),)})
OPENED = SHIPPED[CHINA_OFFICE].model_copy(update={"number": 3})


async def test_minutes_count_by_the_calendar_of_the_raising_and_people_are_reminded_in_work_time(desk: Desk) -> None:
    """The 29th is closed by the version of the raising, and worked by the one in force on that day."""
    desk.now = at("2025-09-28 20:00")
    await desk.tell(CLOSED, uuid4())
    alert_id = await desk.open()
    desk.now = at("2025-09-28 21:00")
    await desk.tell(OPENED, uuid4())
    await desk.run("2025-09-30 12:00")
    assert [when for when, *_ in await desk.rungs(alert_id)] == ["09-29 09:00", "09-30 10:00"]


async def test_nobody_is_reminded_on_a_day_that_was_closed_after_the_raising(desk: Desk) -> None:
    desk.now = at("2025-09-28 20:00")
    alert_id = await desk.open()
    desk.now = at("2025-09-28 21:00")
    await desk.tell(CLOSED, uuid4())
    await desk.run("2025-09-30 12:00")
    # The first calendar counted the hours of the 29th.
    assert [when for when, *_ in await desk.rungs(alert_id)] == ["09-30 09:00"] * 3


async def test_what_waits_for_work_time_goes_on_when_a_closure_is_deleted(desk: Desk) -> None:
    desk.now = at("2025-09-29 08:00")
    await desk.tell(CLOSED, uuid4())
    alert_id = await desk.open(AlertSeverity.INFO)
    await desk.run("2025-09-29 10:00")
    assert await desk.rungs(alert_id) == []
    await desk.tell(OPENED, uuid4())
    await desk.run("2025-09-29 10:10")
    assert [when for when, *_ in await desk.rungs(alert_id)] == ["09-29 10:00"]


async def test_what_waits_for_work_time_goes_on_when_another_version_comes_into_force(desk: Desk) -> None:
    desk.now = at("2025-09-29 08:00")
    await desk.tell(CLOSED, uuid4())
    await desk.tell(OPENED.model_copy(update={"effective_from": at("2025-09-29 14:00")}), uuid4())
    alert_id = await desk.open(AlertSeverity.INFO)
    await desk.run("2025-09-29 15:00")
    assert [when for when, *_ in await desk.rungs(alert_id)] == ["09-29 14:00"]


async def test_without_work_time_a_rung_waits_for_another_calendar(desk: Desk) -> None:
    desk.now = at("2025-09-29 08:00")
    await desk.tell(OPENED.model_copy(update={"week": ((),) * 7, "made_up": (), "years": ()}), uuid4())
    alert_id = await desk.open(AlertSeverity.INFO)
    await desk.run("2025-09-29 10:00")
    assert await desk.pool.fetchval("SELECT next_rung_at FROM alert_ladder") == NEVER_DUE
    await desk.tell(OPENED.model_copy(update={"number": 4}), uuid4())
    await desk.run("2025-09-29 10:10")
    assert [when for when, *_ in await desk.rungs(alert_id)] == ["09-29 10:00"]


async def test_fourteen_days_over_holidays_a_make_up_workday_and_a_night_without_service(desk: Desk) -> None:
    """2025-09-28 is a make-up workday, a Sunday; 2025-10-01 to 2025-10-08 are holidays."""
    desk.now = at("2025-09-27 10:00")
    raised: dict[str, UUID] = {"saturday": await desk.open()}
    await desk.run("2025-09-29 17:30")
    raised["evening"] = await desk.open()
    await desk.run("2025-09-29 18:30")
    raised["night"] = await desk.open(AlertSeverity.ERROR)
    # The service is down for a night, over the start of work time.
    desk.now = at("2025-09-30 10:00")
    desk.restart()
    await desk.run("2025-09-30 17:00")
    raised["eve"] = await desk.open()
    await desk.run("2025-10-02 11:00")
    raised["holiday"] = await desk.open()
    raised["snoozed"] = await desk.open()
    await desk.do(raised["snoozed"], commands.Snooze(until=at("2025-10-09 15:00"), reason="客户休假"))
    raised["handled"] = await desk.open()
    await desk.do(raised["handled"], commands.Acknowledge())
    await desk.run("2025-10-11 18:00")
    found = {name: [(when, whom) for when, whom, _ in await desk.rungs(each)] for name, each in raised.items()}
    assert found == {
        "saturday": [("09-28 09:00", "owner"), ("09-28 10:00", "leader"), ("09-28 14:30", "operations")],
        # The hour for the leader was over at 09:30, while the service was down.
        "evening": [("09-29 17:30", "owner"), ("09-30 10:00", "leader"), ("09-30 14:00", "operations")],
        "night": [("09-30 10:00", "owner"), ("10-09 09:00", "leader"), ("10-10 09:00", "operations")],
        "eve": [("09-30 17:00", "owner"), ("10-09 09:00", "leader"), ("10-09 13:30", "operations")],
        "holiday": [("10-09 09:00", "owner"), ("10-09 10:00", "leader"), ("10-09 14:30", "operations")],
        "snoozed": [("10-09 15:00", "owner"), ("10-09 16:00", "leader"), ("10-10 10:00", "operations")],
        "handled": [],
    }


async def test_an_alert_that_is_raised_again_climbs_its_ladder_again(desk: Desk) -> None:
    desk.now = at("2025-09-29 09:00")
    alert_id = await desk.open(AlertSeverity.INFO)
    await desk.run("2025-09-29 09:00")
    desk.now = at("2025-09-29 10:00")
    await desk.end(alert_id)
    latest = await desk.alerts.latest(alert_id)
    again = example(events.AlertRaised, alert_id=alert_id, severity=AlertSeverity.INFO, owner_id=OWNER)
    desk.now = at("2025-09-29 11:00")
    await fill(desk.store, [example_envelope(again, stream_id=alert_id, version=latest.version + 1)])
    await desk.dated()
    await desk.run("2025-09-29 12:00")
    assert [when for when, *_ in await desk.rungs(alert_id)] == ["09-29 09:00", "09-29 11:00"]


async def test_alerts_that_were_looked_at_in_vain_hold_up_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.alerts.ladder.timer.BATCH", 2)
    desk.now = at("2025-09-29 09:00")
    done = [await desk.open(AlertSeverity.INFO) for _ in range(3)]
    await desk.run("2025-09-29 09:00")
    # The feed is late: their rows say that they are due, and their events say that they are not.
    async with transaction(desk.admin) as held:
        for each in done:
            await held.execute(LATE_ROW, each, CUSTOMER_ID, at("2025-09-01 09:00"))
    fresh = await desk.open(AlertSeverity.INFO)
    await desk.run("2025-09-29 09:30")
    assert len(await desk.rungs(fresh)) == 1


async def test_an_open_alert_keeps_the_ladder_it_was_raised_under(desk: Desk) -> None:
    """Both are raised within the same minute, before and after the version that moves the leader to half an hour."""
    desk.now = at("2025-09-29 09:00")
    before = await desk.open()
    await desk.publish(CRITICAL, (0, Whom.OWNER), (30, Whom.LEADER))
    after = await desk.open()
    await desk.run("2025-09-29 09:40")
    desk.restart()
    await desk.run("2025-09-29 14:30")
    assert [(when, whom) for when, whom, _ in await desk.rungs(before)] == [
        ("09-29 09:00", "owner"),
        ("09-29 10:00", "leader"),
        ("09-29 14:30", "operations"),
    ]
    assert [(when, whom) for when, whom, _ in await desk.rungs(after)] == [
        ("09-29 09:00", "owner"),
        ("09-29 09:30", "leader"),
    ]


async def test_a_ladder_of_another_severity_changes_nothing(desk: Desk) -> None:
    desk.now = at("2025-09-29 09:00")
    await desk.publish(AlertSeverity.ERROR, (0, Whom.OPERATIONS))
    alert_id = await desk.open(AlertSeverity.INFO)
    await desk.run("2025-09-29 09:00")
    assert [whom for _, whom, _ in await desk.rungs(alert_id)] == ["owner"]


async def test_each_ladder_has_its_own_calendar(desk: Desk) -> None:
    """The calendar "night-desk" works on each day from 20:00 to 23:00."""
    desk.now = at("2025-09-28 09:00")
    night = (WorkInterval(start=20 * 60, end=23 * 60),)
    shipped = SHIPPED[CHINA_OFFICE].model_copy(update={"name": "night-desk", "week": (night,) * 7, "years": ()})
    await desk.tell(shipped, uuid4())
    await desk.publish(CRITICAL, (0, Whom.OWNER), (30, Whom.LEADER), calendar="night-desk")
    desk.now = at("2025-09-29 10:00")
    by_night, by_day = await desk.open(), await desk.open(AlertSeverity.INFO)
    await desk.run("2025-09-29 22:00")
    assert [when for when, *_ in await desk.rungs(by_night)] == ["09-29 20:00", "09-29 20:30"]
    assert [when for when, *_ in await desk.rungs(by_day)] == ["09-29 10:00"]


async def test_a_calendar_that_was_recorded_by_a_clock_ahead_stops_no_ladder(desk: Desk) -> None:
    """The clock of followup is 20 seconds ahead: by its time, the calendar is newer than the alert."""
    desk.now = at("2025-09-29 10:00") + timedelta(seconds=20)
    await desk.tell(SHIPPED[CHINA_OFFICE].model_copy(update={"name": "day-desk"}), uuid4())
    desk.now = at("2025-09-29 10:00")
    await desk.publish(CRITICAL, (0, Whom.OWNER), (30, Whom.LEADER), calendar="day-desk")
    alert_id = await desk.open()
    await desk.run("2025-09-29 11:00")
    assert [when for when, *_ in await desk.rungs(alert_id)] == ["09-29 10:00", "09-29 10:30"]


async def test_what_was_deferred_by_a_clock_ahead_is_looked_at_again_when_it_is_set_back(desk: Desk) -> None:
    desk.now = at("2025-09-25 20:00")
    alert_id = await desk.open(AlertSeverity.INFO)
    assert await desk.timer.run_due() == 1
    # In the holidays, by a clock that is a week ahead.
    desk.now = at("2025-10-02 12:00")
    assert await desk.timer.run_due() == 1
    assert await desk.pool.fetchval("SELECT next_rung_at FROM alert_ladder") == at("2025-10-09 09:00")
    desk.now = at("2025-09-25 20:10")
    await desk.run("2025-09-26 10:00")
    assert [when for when, *_ in await desk.rungs(alert_id)] == ["09-26 09:00"]


async def test_what_could_not_be_stored_by_a_clock_ahead_is_tried_again_when_it_is_set_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.now = at("2025-09-25 20:00")
    alert_id = await desk.open(AlertSeverity.INFO)
    assert await desk.timer.run_due() == 1
    desk.now = at("2025-09-29 10:00")
    with monkeypatch.context() as patched:
        patched.setattr(desk.alerts, "latest", refused)
        with pytest.raises(ConnectionError):
            await desk.timer.run_due()
    desk.now = at("2025-09-26 09:00")
    await desk.run("2025-09-26 10:00")
    assert [when for when, *_ in await desk.rungs(alert_id)] == ["09-26 09:00"]


async def refused(_alert_id: UUID) -> None:
    raise ConnectionError


UNREADABLE = "UPDATE event SET state = '{}' WHERE stream_id = $1"
READABLE = "UPDATE event SET state = $2 WHERE stream_id = $1"


async def test_an_alert_whose_rung_fails_delays_only_itself_and_is_shown(desk: Desk) -> None:
    desk.now = at("2025-09-29 09:00")
    failing, others = await desk.open(), [await desk.open() for _ in range(3)]
    state = await desk.admin.fetchval("SELECT state FROM event WHERE stream_id = $1", failing)
    await desk.admin.execute(UNREADABLE, failing)
    failures = counted(metrics.LADDER_FAILURES)
    assert await desk.timer.run_due() == len(others)
    await desk.dated()
    assert [len(await desk.rungs(each)) for each in others] == [1, 1, 1]
    assert counted(metrics.LADDER_FAILURES) == failures + 1
    assert desk.timer.problem() == "the rungs of 1 alerts fail; the log says which, and why"
    assert await desk.timer.run_due() == 0
    await desk.admin.execute(READABLE, failing, state)
    desk.now += RETRY
    assert await desk.timer.run_due() == 1
    assert len(await desk.rungs(failing)) == 1
    assert desk.timer.problem() is None


async def test_an_alert_that_fails_no_longer_because_it_has_no_row_is_forgotten(desk: Desk) -> None:
    desk.now = at("2025-09-29 09:00")
    await desk.admin.execute(UNREADABLE, await desk.open())
    await desk.timer.run_due()
    await desk.admin.execute("DELETE FROM alert_ladder")
    desk.now += FORGOTTEN_AFTER
    assert desk.timer.problem() is None


def counted(metric: Counter) -> float:
    (found,) = (sample.value for each in metric.collect() for sample in each.samples if sample.name.endswith("_total"))
    return found


async def test_alerts_of_a_ladder_whose_calendar_a_restore_has_lost_climb_by_the_shipped_one(desk: Desk) -> None:
    desk.now = at("2025-09-28 09:00")
    night = (WorkInterval(start=20 * 60, end=23 * 60),)
    calendar = SHIPPED[CHINA_OFFICE].model_copy(update={"name": "night-desk", "week": (night,) * 7, "years": ()})
    await desk.tell(calendar, uuid4())
    await desk.publish(CRITICAL, (0, Whom.OWNER), (30, Whom.LEADER), calendar="night-desk")
    await desk.admin.execute("DELETE FROM fact WHERE type = 'care.followup.calendar-published.v1'")
    desk.now = at("2025-09-29 10:00")
    by_day, other = await desk.open(), await desk.open(AlertSeverity.INFO)
    await desk.run("2025-09-29 11:00")
    assert [when for when, *_ in await desk.rungs(by_day)] == ["09-29 10:00", "09-29 10:30"]
    assert len(await desk.rungs(other)) == 1
    assert desk.timer.problem() == "no version of the calendar night-desk is known, the shipped one counts"
    desk.now = at("2025-09-29 18:30")
    by_night = await desk.open()
    desk.now = at("2025-09-29 19:00")
    await desk.tell(calendar, uuid4())
    await desk.run("2025-09-29 21:00")
    assert [when for when, *_ in await desk.rungs(by_night)] == ["09-29 20:00", "09-29 20:30"]
    assert desk.timer.problem() is None


async def test_a_lost_calendar_of_the_quiet_hours_is_shown_and_stops_nothing(desk: Desk) -> None:
    desk.now = at("2025-09-29 09:00")
    windows = (QuietWindow(start=540, end=570),)
    version = example(events.QuietHoursPublished, windows=windows, ignored_by=(), calendar="night-desk")
    context = ACTOR.on_timer(desk.now, str(uuid4()), "test")
    stream = desk.quiet_hours.stream_of()
    await desk.quiet_hours.handler.handle(stream, Publish(version=version, at=desk.now), context)
    await desk.dated()
    alert_id = await desk.open(AlertSeverity.INFO)
    await desk.run("2025-09-29 09:10")
    assert len(await desk.rungs(alert_id)) == 1
    assert desk.timer.problem() == "no version of the calendar night-desk is known, the shipped one counts"


async def test_an_alert_that_was_looked_at_too_early_is_looked_at_next_when_its_rung_is_due(desk: Desk) -> None:
    desk.now = at("2025-09-29 09:00")
    alert_id, done = await desk.open(), await desk.open(AlertSeverity.INFO)
    await desk.run("2025-09-29 09:00")
    await desk.admin.execute("UPDATE alert_ladder SET next_rung_at = $1", desk.now)
    await desk.admin.execute(LATE_ROW, done, CUSTOMER_ID, desk.now)
    await desk.timer.run_due()
    rows = await desk.pool.fetch("SELECT alert_id, next_rung_at FROM alert_ladder")
    assert dict(map(tuple, rows)) == {alert_id: at("2025-09-29 10:00"), done: NEVER_DUE}


async def test_an_alert_that_a_restore_has_lost_is_not_looked_at_again(desk: Desk) -> None:
    desk.now = at("2025-09-29 09:00")
    await desk.admin.execute(LATE_ROW, uuid4(), CUSTOMER_ID, desk.now)
    await desk.timer.run_due()
    assert await desk.pool.fetchval("SELECT next_rung_at FROM alert_ladder") == NEVER_DUE
    assert desk.timer.problem() is None


async def test_what_the_feed_has_computed_meanwhile_is_not_overwritten(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timer reads that a rung waits for work time; then the feed applies a snooze."""
    desk.now = at("2025-09-29 20:00")
    alert_id = await desk.open(AlertSeverity.INFO)

    async def snooze_first(*arguments: Any) -> Any:
        monkeypatch.undo()
        found = await muted_until(*arguments)
        await desk.do(alert_id, commands.Snooze(until=at("2025-10-10 15:00"), reason="客户休假"))
        return found

    monkeypatch.setattr("services.alerts.ladder.reading.muted_until", snooze_first)
    await desk.timer.run_due()
    assert await desk.pool.fetchval("SELECT next_rung_at FROM alert_ladder") == at("2025-10-10 15:00")


async def test_what_is_late_outside_work_time_is_deferred_to_its_start(desk: Desk) -> None:
    desk.now = at("2025-09-29 17:50")
    await desk.open(AlertSeverity.INFO)
    desk.now = at("2025-09-29 22:00")
    assert await desk.timer.run_due() == 1
    assert await desk.pool.fetchval("SELECT next_rung_at FROM alert_ladder") == at("2025-09-30 09:00")
    assert await desk.timer.run_due() == 0


async def test_a_rung_in_the_quiet_hours_says_until_when_its_delivery_waits(desk: Desk) -> None:
    desk.now = at("2025-09-29 09:00")
    version = example(events.QuietHoursPublished, windows=(QuietWindow(start=540, end=570),), ignored_by=())
    context = ACTOR.on_timer(desk.now, str(uuid4()), "test")
    stream = desk.quiet_hours.stream_of()
    await desk.quiet_hours.handler.handle(stream, Publish(version=version, at=desk.now), context)
    await desk.dated()
    alert_id = await desk.open()
    await desk.run("2025-09-29 10:00")
    told = [desk.mapper.to_envelope(row).event async for row in desk.store.read_stream(alert_id)]
    waits = [each.deliver_after for each in told if isinstance(each, events.AlertEscalated)]
    assert waits == [at("2025-09-29 09:30"), None]

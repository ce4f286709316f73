"""Plays a history of alerts against the ladder with its database."""

from contextlib import suppress
from uuid import UUID, uuid4

from chassis.commands.command_handler import CommandHandler
from chassis.commands.decider import RejectedError
from chassis.versions.decider import Publish
from contracts.alerts import AlertEscalated, Status
from contracts.event import Event
from contracts.examples import EMPLOYEE_STREAM_ID, example_envelope
from services.alerts import commands
from services.alerts.actor import ACTOR
from services.alerts.domain.mute import MUTE
from services.alerts.staff.mutes import mute_id
from tests.bench.harness.event_data import fill
from tests.silence import ladder_events
from tests.silence.ladder_happenings import (
    Acknowledged,
    Assigned,
    CalendarVersion,
    Carried,
    Cleared,
    Happening,
    Held,
    LadderVersion,
    Looked,
    Muted,
    OfStaff,
    QuietVersion,
    Raised,
    Readdressed,
    Restarted,
    Rung,
    Snoozed,
    Unmuted,
    Unsnoozed,
)
from tests.support.ladder_desk import Desk

EVERY = 10_000
LOOK_AT_ALL = "UPDATE alert_ladder SET next_rung_at = $1"


async def play(desk: Desk, it: Happening) -> None:
    """Let it happen at its time."""
    desk.now = it.at
    match it:
        case Looked():
            while await desk.timer.run_due():
                await desk.dated()
        case Restarted():
            desk.restart()
            await desk.pool.execute(LOOK_AT_ALL, it.at)
        case Raised():
            known = [each async for each in desk.store.read_stream(it.alert_id)]
            await write(desk, it.alert_id, len(known), (it.customer_id, ladder_events.raised(it)))
        case Cleared() | Readdressed() | Carried():
            await detect(desk, it)
        case Acknowledged() | Assigned() | Snoozed() | Unsnoozed():
            await handle(desk, it)
        case Muted() | Unmuted():
            await mute(desk, it)
        case LadderVersion() | QuietVersion():
            await publish(desk, it)
        case CalendarVersion():
            await desk.tell(ladder_events.calendar(it), uuid4())
        case _:
            await staff(desk, it)


async def write(desk: Desk, alert_id: UUID, version: int, *told: tuple[UUID, Event]) -> None:
    """Append events of the detector to an alert of this version, each with its customer."""
    for number, (subject, event) in enumerate(told, version + 1):
        await fill(desk.store, [example_envelope(event, subject=subject, stream_id=alert_id, version=number)])
    await desk.dated()


async def detect(desk: Desk, it: Cleared | Readdressed | Carried) -> None:
    latest = await desk.alerts.latest(it.alert_id)
    if latest.alert.status is Status.RESOLVED:
        return
    first, *others = ladder_events.detected(it, latest.alert, latest.customer_id)
    into = it.customer_id if isinstance(it, Carried) else latest.customer_id
    told = [(latest.customer_id, first), *((into, each) for each in others)]
    await write(desk, it.alert_id, latest.version, *told)


async def handle(desk: Desk, it: Acknowledged | Assigned | Snoozed | Unsnoozed) -> None:
    try:
        await desk.do(it.alert_id, ladder_events.command(it))
    except RejectedError:
        await desk.dated()


async def mute(desk: Desk, it: Muted | Unmuted) -> None:
    command: commands.MuteRule | commands.UnmuteRule = commands.UnmuteRule(rule_id=it.rule_id, at=it.at)
    if isinstance(it, Muted):
        command = commands.MuteRule(rule_id=it.rule_id, at=it.at, until=it.until, reason="客户休假")
    mutes = CommandHandler(desk.store, MUTE, desk.mapper)
    context = ACTOR.on_timer(it.at, str(uuid4()), "test")
    stream = mute_id(it.customer_id, it.rule_id)
    with suppress(RejectedError):
        await mutes.handle(stream, command, context, subject=it.customer_id)
    await desk.dated()


async def publish(desk: Desk, it: LadderVersion | QuietVersion) -> None:
    context = ACTOR.on_timer(it.at, str(uuid4()), "test")
    if isinstance(it, LadderVersion):
        ladder, stream = ladder_events.ladder(it), desk.ladders.stream_of(it.severity)
        await desk.ladders.handler.handle(stream, Publish(version=ladder, at=it.at), context)
    else:
        quiet_hours, stream = ladder_events.quiet_hours(it), desk.quiet_hours.stream_of()
        await desk.quiet_hours.handler.handle(stream, Publish(version=quiet_hours, at=it.at), context)
    await desk.dated()


async def staff(desk: Desk, it: OfStaff) -> None:
    subject = it.customer_id if isinstance(it, Held) else EMPLOYEE_STREAM_ID
    await desk.tell(ladder_events.staff(it), subject)


async def reached(desk: Desk) -> list[Rung]:
    """Return the rungs that were reached."""
    told = [desk.mapper.to_envelope(row) for row in await desk.store.read_all(after=0, limit=EVERY)]
    return [
        Rung(
            each.recorded_at,
            each.stream_id,
            each.event.escalation_level,
            each.event.rung,
            each.event.employee_ids,
            each.event.deliver_after,
        )
        for each in told
        if isinstance(each.event, AlertEscalated)
    ]

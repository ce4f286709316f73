"""How people and the ladder handle an open alert. The detector raises and ends alerts in the same stream (ADR 0035)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.commands.decider import Decider, RejectedError
from contracts import alerts as events
from contracts.alerts import AlertState, Status
from services.alerts.commands import Acknowledge, AlertCommand, AssignAlert, Comment, Escalate, Snooze, Unsnooze

Event = events.Transition

# The longest snooze of an alert, and the longest mute of a rule.
MAX_QUIET_DAYS = 180


def decide(alert: AlertState | None, command: AlertCommand) -> list[Event]:
    """Return the events that `command` causes: none if it changes nothing."""
    if alert is None:
        raise RejectedError("alert-unknown", "There is no such alert.", "没有该预警。")
    match command:
        case Escalate():
            return escalated(alert, command)
        case _ if alert.status is Status.RESOLVED:
            raise has_ended()
        case Acknowledge():
            return acknowledged(alert, command)
        case AssignAlert():
            return assigned(alert, command)
        case Comment():
            fields = changed(alert, command) | {"comment_ref": reference(command, "text")}
            return [events.AlertCommented.model_validate(fields)]
        case Snooze():
            return [snoozed(alert, command)]
        case Unsnooze():
            return unsnoozed(alert, command)
        case _:
            raise TypeError(f"no rule for {type(command).__name__}")


def acknowledged(alert: AlertState, command: Acknowledge) -> list[Event]:
    """The first acknowledgement counts."""
    if alert.status is Status.ACKNOWLEDGED:
        return []
    moment = command.moment
    fields = {"status": Status.ACKNOWLEDGED, "acknowledged_by": moment.by, "acknowledged_at": moment.at}
    return [events.AlertAcknowledged.model_validate(changed(alert, command) | fields)]


def assigned(alert: AlertState, command: AssignAlert) -> list[Event]:
    if alert.owner_id == command.owner_id and alert.assigned_by is not None:
        return []
    fields = {"owner_id": command.owner_id, "assigned_by": command.moment.by, "previous_owner_id": alert.owner_id}
    return [events.AlertAssigned.model_validate(changed(alert, command) | fields)]


def snoozed(alert: AlertState, command: Snooze) -> Event:
    """A snooze replaces an earlier one. The acknowledgement stays."""
    require_soon(command.until, command.moment.at)
    fields = {"snoozed_until": command.until, "reason_ref": reference(command, "reason")}
    return events.AlertSnoozed.model_validate(changed(alert, command) | fields)


def unsnoozed(alert: AlertState, command: Unsnooze) -> list[Event]:
    if not is_snoozed(alert, command.moment.at):
        return []
    return [events.AlertUnsnoozed.model_validate(changed(alert, command) | {"snoozed_until": None})]


def escalated(alert: AlertState, command: Escalate) -> list[Event]:
    """A rung is reached once, and only while the alert is firing and not snoozed."""
    is_firing = alert.status is Status.FIRING and not is_snoozed(alert, command.moment.at)
    if not is_firing or command.level <= alert.escalation_level:
        return []
    fields = {
        "escalation_level": command.level,
        **command.model_dump(include={"rung", "employee_ids", "deliver_after"}),
    }
    return [events.AlertEscalated.model_validate(changed(alert, command) | fields)]


def changed(alert: AlertState, command: AlertCommand) -> dict[str, Any]:
    """Return the fields of the alert, changed at the moment of the command."""
    return fields_of(alert) | {"updated_at": command.moment.at}


def fields_of(alert: AlertState) -> dict[str, Any]:
    return {name: getattr(alert, name) for name in AlertState.model_fields}


def reference(command: AlertCommand, field: str) -> UUID | None:
    return command.vault_ref(field)


def is_snoozed(alert: AlertState, at: datetime) -> bool:
    return alert.snoozed_until is not None and at < alert.snoozed_until


def require_soon(until: datetime, now: datetime) -> None:
    """Raise RejectedError unless `until` is later than `now`, by at most MAX_QUIET_DAYS."""
    if not now < until <= now + timedelta(days=MAX_QUIET_DAYS):
        raise RejectedError(
            "until-out-of-range",
            f"`until` must be in the future, and at most {MAX_QUIET_DAYS} days ahead.",
            f"截止时间 until 须晚于现在，且不超过 {MAX_QUIET_DAYS} 天。",
            "until",
        )


def has_ended() -> RejectedError:
    return RejectedError(
        "alert-ended",
        "This alert has ended. It can be read, but not handled. If the rule is violated again, a new alert is raised.",
        "该预警已解除，只能查看，不能再处理。若再次触发规则，会产生新的预警。",
    )


def evolve(_alert: AlertState | None, event: Event) -> AlertState | None:
    """Each event contains the whole state after it."""
    return AlertState.model_validate(fields_of(event))


ALERT: Decider[AlertState | None] = Decider(initial=None, decide=decide, evolve=evolve)

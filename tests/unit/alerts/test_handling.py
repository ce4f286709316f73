"""What people and the ladder may do with an alert, decided on its latest state."""

from datetime import UTC, datetime, timedelta

import pytest

from chassis.commands.decider import RejectedError
from contracts import alerts as events
from contracts.alerts import AlertState, Status
from contracts.examples import HELPER, LEADER, OWNER, example
from services.alerts import commands
from services.alerts.domain.alert import ALERT, MAX_QUIET_DAYS, decide, evolve

NOW = datetime(2024, 7, 1, 9, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
RAISED = AlertState.model_validate(dict(example(events.AlertRaised)))
ACKNOWLEDGED = AlertState.model_validate(dict(example(events.AlertAcknowledged)))
SNOOZED = AlertState.model_validate(dict(example(events.AlertSnoozed, snoozed_until=TOMORROW)))
ENDS: tuple[type[events.AlertCleared | events.AlertWithdrawn], ...] = (events.AlertCleared, events.AlertWithdrawn)
STEPS: dict[str, commands.AlertCommand] = {
    "acknowledge": commands.Acknowledge(),
    "assign": commands.AssignAlert(owner_id=HELPER),
    "comment": commands.Comment(text="已联系"),
    "snooze": commands.Snooze(until=TOMORROW, reason="客户休假"),
    "unsnooze": commands.Unsnooze(),
}
RUNG = commands.Escalate(level=1, rung="owner", employee_ids=(OWNER,))


def done(alert: AlertState | None, command: commands.AlertCommand, by: str = LEADER) -> list[events.Transition]:
    return decide(alert, command.with_moment(by, NOW))


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("end", ENDS)
def test_an_alert_that_has_ended_is_not_handled_and_the_problem_says_so(
    name: str, end: type[events.AlertCleared | events.AlertWithdrawn]
) -> None:
    with pytest.raises(RejectedError, match="It can be read, but not handled") as refused:
        done(evolve(None, example(end)), STEPS[name])
    assert refused.value.code == "alert-ended"


def test_an_unknown_alert_is_not_handled() -> None:
    with pytest.raises(RejectedError, match="no such alert"):
        done(None, commands.Acknowledge())


def test_the_first_acknowledgement_counts() -> None:
    [event] = done(RAISED, commands.Acknowledge())
    assert isinstance(event, events.AlertAcknowledged)
    assert (event.acknowledged_by, event.acknowledged_at, event.updated_at) == (LEADER, NOW, NOW)
    assert done(evolve(RAISED, event), commands.Acknowledge(), by=OWNER) == []


def test_an_event_changes_only_what_the_command_is_about() -> None:
    for name, command in STEPS.items():
        for event in done(SNOOZED, command):
            changed = {field for field, value in SNOOZED if value != getattr(event, field)} - {"updated_at"}
            assert (
                changed
                == {
                    "acknowledge": {"status", "acknowledged_by", "acknowledged_at"},
                    "assign": {"owner_id", "assigned_by"},
                    "comment": set(),
                    "snooze": set(),
                    "unsnooze": {"snoozed_until"},
                }[name]
            )


def test_an_assignment_names_both_owners_and_is_done_once() -> None:
    [event] = done(RAISED, STEPS["assign"])
    assert isinstance(event, events.AlertAssigned)
    assert (event.previous_owner_id, event.owner_id, event.assigned_by) == (OWNER, HELPER, LEADER)
    assert done(evolve(RAISED, event), STEPS["assign"]) == []


def test_an_assignment_to_the_owner_of_the_customer_makes_it_stay() -> None:
    [event] = done(RAISED, commands.AssignAlert(owner_id=OWNER))
    assert event.assigned_by == LEADER


def test_texts_are_in_the_vault_and_events_refer_to_them() -> None:
    for name in ("comment", "snooze"):
        command = STEPS[name].with_moment(LEADER, NOW)
        [event] = decide(RAISED, command)
        [entry] = command.vault_entries(event.alert_id)
        assert str(entry.id) in event.model_dump_json()
        assert entry.value not in event.model_dump_json()


def test_a_snooze_leaves_the_acknowledgement() -> None:
    [event] = done(ACKNOWLEDGED, STEPS["snooze"])
    assert (event.status, event.acknowledged_by) == (Status.ACKNOWLEDGED, OWNER)


@pytest.mark.parametrize(
    ("until", "is_allowed"),
    [
        (NOW, False),
        (NOW - timedelta(days=1), False),
        (NOW + timedelta(microseconds=1), True),
        (NOW + timedelta(days=MAX_QUIET_DAYS), True),
        (NOW + timedelta(days=MAX_QUIET_DAYS, microseconds=1), False),
    ],
)
def test_a_snooze_ends_in_the_future_and_in_time(until: datetime, is_allowed: bool) -> None:
    command = commands.Snooze(until=until, reason="客户休假")
    if is_allowed:
        assert [event.snoozed_until for event in done(RAISED, command)] == [until]
    else:
        with pytest.raises(RejectedError, match="at most 180 days ahead"):
            done(RAISED, command)


def test_only_a_running_snooze_is_ended() -> None:
    assert done(RAISED, commands.Unsnooze()) == []
    assert done(SNOOZED.model_copy(update={"snoozed_until": NOW}), commands.Unsnooze()) == []
    [event] = done(SNOOZED, commands.Unsnooze())
    assert event.snoozed_until is None


def test_a_rung_is_reached_once() -> None:
    [event] = done(RAISED, RUNG)
    assert isinstance(event, events.AlertEscalated)
    assert (event.escalation_level, event.rung, event.employee_ids) == (1, "owner", (OWNER,))
    assert done(evolve(RAISED, event), RUNG) == []


@pytest.mark.parametrize("alert", [ACKNOWLEDGED, SNOOZED, *(evolve(None, example(end)) for end in ENDS)])
def test_no_rung_is_reached_while_nobody_is_to_be_reminded(alert: AlertState) -> None:
    assert done(alert, RUNG) == []


def test_a_command_without_a_moment_is_a_defect() -> None:
    with pytest.raises(LookupError, match="with a moment"):
        decide(RAISED, commands.Acknowledge())


def test_the_state_is_that_of_the_last_event() -> None:
    last = example(events.AlertSnoozed)
    assert ALERT.fold(None, [example(events.AlertRaised), last]) == evolve(None, last)

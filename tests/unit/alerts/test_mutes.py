"""A mute of a rule for a customer: replaced by the next one, ended once."""

from datetime import UTC, datetime, timedelta

import pytest

from chassis.commands.decider import RejectedError
from contracts.alerts import RuleMuted, RuleUnmuted
from services.alerts.commands import MuteRule, UnmuteRule
from services.alerts.domain.alert import MAX_QUIET_DAYS
from services.alerts.domain.mute import MUTE, decide, evolve

NOW = datetime(2024, 7, 1, 9, tzinfo=UTC)
RULE = "inactivity"


def mute(until: datetime | None) -> MuteRule:
    return MuteRule(rule_id=RULE, at=NOW, until=until, reason="客户休假")


@pytest.mark.parametrize("until", [None, NOW + timedelta(seconds=1), NOW + timedelta(days=MAX_QUIET_DAYS)])
def test_a_mute_has_no_end_or_one_in_time(until: datetime | None) -> None:
    command = mute(until)
    [event] = decide(None, command)
    assert isinstance(event, RuleMuted)
    assert (event.rule_id, event.muted_until, event.reason_ref) == (RULE, until, command.vault_ref("reason"))


@pytest.mark.parametrize("until", [NOW, NOW + timedelta(days=MAX_QUIET_DAYS, seconds=1)])
def test_another_end_is_refused(until: datetime) -> None:
    with pytest.raises(RejectedError, match="at most 180 days ahead"):
        decide(None, mute(until))


def test_a_mute_is_ended_once_and_not_after_its_end() -> None:
    unmute = UnmuteRule(rule_id=RULE, at=NOW + timedelta(days=1))
    for until, expected in ((None, 1), (NOW + timedelta(days=2), 1), (NOW + timedelta(hours=1), 0)):
        muted = MUTE.fold(None, decide(None, mute(until)))
        assert len(decide(muted, unmute)) == expected
    assert decide(None, unmute) == []
    muted = MUTE.fold(None, decide(None, mute(None)))
    assert evolve(muted, RuleUnmuted(rule_id=RULE)) is None

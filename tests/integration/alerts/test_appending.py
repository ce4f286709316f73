"""What a person does with alerts while the detector makes their next events: nobody waits, and nothing is lost."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pytest

from chassis.postgres.database import Connection
from chassis.store.append import Append, Appended
from contracts.customer import Merged, OwnerAssigned
from contracts.examples import example
from contracts.followup import ContactLogged
from services.alerts.detection import appending
from tests.support.rule_desk import RuleDesk, kinds, silence

ALERTS = 3
# The end of the path and the body of a request.
Step: TypeAlias = tuple[str, dict[str, str]]
ACKNOWLEDGE: Step = ("acknowledgement", {})
ASSIGN: Step = ("assignment", {"owner_id": "E1"})


class Overtaken:
    """Lets somebody handle an alert when its next events are made, and not yet appended."""

    def __init__(
        self, desk: RuleDesk, alert_id: str, monkeypatch: pytest.MonkeyPatch, step: Step = ACKNOWLEDGE
    ) -> None:
        self._desk, self._alert_id, self._append, self._step = desk, alert_id, desk.store.append_within, step
        self.calls = list[int]()
        monkeypatch.setattr(desk.store, "append_within", self)

    async def __call__(self, held: Connection, appends: Sequence[Append]) -> list[Appended]:
        if not self.calls:
            path, body = self._step
            await self._desk.done("POST", f"/v1/alerts/{self._alert_id}/{path}", body)
        self.calls.append(len(appends))
        return await self._append(held, appends)


@pytest.fixture
async def alert_id(desk: RuleDesk) -> str:
    for number in range(ALERTS):
        await desk.publish(f"calls-{number}", silence(7))
    await desk.customer(20)
    await desk.settle()
    (raised,) = await desk.told("calls-1")
    return str(raised.stream_id)


async def test_events_that_a_person_has_overtaken_are_made_again(
    desk: RuleDesk, alert_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "APPENDED_AT_ONCE", 2)
    (raised,) = await desk.told("calls-1")
    overtaken = Overtaken(desk, alert_id, monkeypatch)
    await desk.tell(raised.subject, OwnerAssigned(previous_owner_id="E1", owner_id="E5", leader_id="E6"))
    told = await desk.told("calls-1")
    assert kinds(told) == ["raised", "acknowledged", "readdressed"]
    assert [each.version for each in told] == [1, 2, 3]
    last: Any = told[-1].event
    assert (last.status, last.acknowledged_by, last.owner_id) == ("acknowledged", told[1].metadata.actor, "E5")
    assert max(overtaken.calls) == 2
    assert overtaken.calls.count(1) >= 1
    assert [kinds(await desk.told(f"calls-{number}")) for number in (0, 2)] == [["raised", "readdressed"]] * 2


async def test_both_events_of_a_carried_alert_follow_what_a_person_did(
    desk: RuleDesk, alert_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (raised,) = await desk.told("calls-1")
    survivor = await desk.customer(1)
    Overtaken(desk, alert_id, monkeypatch)
    await desk.tell(raised.subject, Merged(into_customer_id=survivor))
    told = [each for each in await desk.told("calls-1") if str(each.stream_id) == alert_id]
    assert kinds(told)[:4] == ["raised", "acknowledged", "carried-away", "carried-in"]
    assert [each.version for each in told][:4] == [1, 2, 3, 4]
    assert {each.event.acknowledged_by for each in told[2:4]} == {told[1].metadata.actor}


@pytest.mark.parametrize("is_overtaken", [False, True])
async def test_a_change_of_which_nobody_is_told_takes_no_version(
    desk: RuleDesk, alert_id: str, monkeypatch: pytest.MonkeyPatch, is_overtaken: bool
) -> None:
    """Somebody was assigned by hand, before or while another owner of the customer would have been told."""
    (raised,) = await desk.told("calls-1")
    with monkeypatch.context() as patch:
        if is_overtaken:
            Overtaken(desk, alert_id, patch, ASSIGN)
        else:
            await desk.done("POST", f"/v1/alerts/{alert_id}/assignment", ASSIGN[1])
        await desk.tell(raised.subject, OwnerAssigned(previous_owner_id="E1", owner_id="E5", leader_id="E6"))
    await desk.tell(raised.subject, example(ContactLogged), datetime.now(UTC))
    told = await desk.told("calls-1")
    assert kinds(told) == ["raised", "assigned", "cleared"]
    assert [each.version for each in told] == [1, 2, 3]

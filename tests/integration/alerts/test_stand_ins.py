"""A stand-in sees and handles what the absent employee does, by every way of reading, and only meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from contracts.examples import ALERT_ID, CUSTOMER_ID, EMPLOYEE_STREAM_ID, example
from contracts.followup import AbsenceCancelled, AbsenceChanged, AbsenceNoted
from services.alerts.live.transitions import Wanted, holders, transition_of
from tests.integration.alerts.conftest import ACTING, HELPER, LEADER, OWNER, STRANGER, Desk
from tests.support.waiting import eventually

RULE = "inactivity"
TODAY = datetime.now(UTC).date()
NOW = {"first_day": TODAY - timedelta(days=1), "last_day": TODAY + timedelta(days=1)}
LATER = {"first_day": TODAY + timedelta(days=5), "last_day": TODAY + timedelta(days=6)}


def absence(employee_id: str, **fields: Any) -> AbsenceNoted:
    named = {"absence_id": uuid4(), "employee_id": employee_id, "stand_in_id": STRANGER, **NOW, **fields}
    return example(AbsenceNoted, **named)


async def ways(desk: Desk, by: str) -> dict[str, bool]:
    """Return by which ways of reading an employee sees the alert."""
    then = quote(datetime.now(UTC).isoformat())
    lists = {path: await desk.get(path, by) for path in ("/v1/alerts", f"/v1/alerts?as_recorded={then}")}
    found = {path: [each["id"] for each in seen.json()["items"]] == [str(ALERT_ID)] for path, seen in lists.items()}
    found["counts"] = (await desk.get("/v1/alerts/counts", by)).json()["open"] == 1
    found |= {path: (await desk.get(path, by)).status_code == 200 for path in (ADDRESS, f"{ADDRESS}/events")}
    (row,) = [each async for each in desk.needs.store.read_stream(ALERT_ID)]
    transition = transition_of(desk.needs.mapper.to_envelope(row))
    held = await holders(desk.pool, [transition], datetime.now(UTC))
    return found | {"stream": Wanted(visible_to=by).includes(transition, held[CUSTOMER_ID])}


ADDRESS = f"/v1/alerts/{ALERT_ID}"
OF_CUSTOMER = [f"/v1/customers/{CUSTOMER_ID}/{what}" for what in ("alerts", "rules", "mutes")]


@pytest.mark.parametrize("absent", [ACTING, OWNER, LEADER, HELPER])
async def test_every_way_of_reading_shows_the_alert_to_the_stand_in_and_to_nobody_else(
    alert_desk: Desk, absent: str
) -> None:
    await is_listed(alert_desk)
    assert set((await ways(alert_desk, STRANGER)).values()) == {False}
    noted = absence(absent)
    await alert_desk.tell(noted, subject=EMPLOYEE_STREAM_ID)
    for by in (STRANGER, absent):
        assert set((await ways(alert_desk, by)).values()) == {True}
    assert set((await ways(alert_desk, "E99")).values()) == {False}
    later = AbsenceChanged.model_validate(noted.model_dump(exclude={"type"}) | LATER)
    await alert_desk.tell(later, subject=EMPLOYEE_STREAM_ID)
    assert set((await ways(alert_desk, STRANGER)).values()) == {False}
    await alert_desk.tell(
        AbsenceCancelled(absence_id=noted.absence_id, employee_id=absent), absence(absent), subject=EMPLOYEE_STREAM_ID
    )
    assert set((await ways(alert_desk, STRANGER)).values()) == {True}


@pytest.mark.parametrize(("absent", "status"), [(ACTING, 403), (OWNER, 200), (LEADER, 200), (HELPER, 200)])
async def test_the_stand_in_of_a_holder_reads_and_mutes_for_the_customer(
    alert_desk: Desk, absent: str, status: int
) -> None:
    """Whoever has to act on one alert holds no customer by that, and neither does the stand-in."""
    await alert_desk.tell(absence(absent), subject=EMPLOYEE_STREAM_ID)
    for path in OF_CUSTOMER:
        assert (await alert_desk.get(path, STRANGER)).status_code == status, path
    headers = alert_desk.issuer.headers(STRANGER, "sales")
    muted = await alert_desk.http.put(f"{OF_CUSTOMER[-1]}/{RULE}", json={"reason": "客户停产"}, headers=headers)
    assert muted.status_code == (201 if status == 200 else 403), muted.text


async def test_a_stand_in_handles_the_alert_of_an_absent_leader(alert_desk: Desk) -> None:
    for step in ("acknowledgement", "unsnooze"):
        assert (await alert_desk.post(f"{ADDRESS}/{step}", by=STRANGER)).status_code == 403
    await alert_desk.tell(absence(LEADER), subject=EMPLOYEE_STREAM_ID)
    assert (await alert_desk.post(f"{ADDRESS}/acknowledgement", by=STRANGER)).status_code == 200


async def test_a_page_can_be_continued_when_an_absence_has_begun_meanwhile(alert_desk: Desk) -> None:
    await alert_desk.open(uuid4(), owner_id=STRANGER)
    await alert_desk.open(uuid4(), owner_id=STRANGER)
    await is_listed(alert_desk, 3)
    first = (await alert_desk.get("/v1/alerts?limit=1", STRANGER)).json()
    await alert_desk.tell(absence(ACTING), subject=EMPLOYEE_STREAM_ID)
    rest = await alert_desk.get(f"/v1/alerts?limit=1&cursor={first['next_cursor']}", STRANGER)
    assert rest.status_code == 200, rest.text


async def is_listed(desk: Desk, count: int = 1) -> None:
    async def is_so() -> bool:
        return len((await desk.get("/v1/alerts", "ops", "ops")).json()["items"]) == count

    await eventually(is_so, within=20)

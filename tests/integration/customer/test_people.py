"""Key contacts through the API: added, changed, removed, and shown to those who may see them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.commands.command_handler import CommandHandler
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.pseudonym import Pseudonyms
from contracts.customer import ImportantDateApproaching
from services.customer.dates.important_dates import ImportantDateReminder
from services.customer.domain.important_date import IMPORTANT_DATE
from tests.integration.customer.conftest import Api
from tests.support.waiting import eventually
from tests.unit.chassis.issuer import SETTINGS

CONTACT = {
    "name": "吴敏",
    "role": "buyer",
    "is_decision_maker": True,
    "phone": "138 0013 8000",
    "email": "wu@example.com",
    "dates": [{"kind": "birthday", "month": 8, "day": 15, "calendar": "lunar"}],
}
SHOWN = CONTACT | {
    "phone": "+8613800138000",
    "dates": [{"kind": "birthday", "month": 8, "day": 15, "year": None, "calendar": "lunar"}],
    "date_kinds": ["birthday"],
    "is_withheld": False,
}
SALES = ("E1007", "sales")


async def added(api: Api, address: str, **fields: Any) -> str:
    response = await api.post(f"{address}/key-contacts", CONTACT | fields)
    assert response.status_code == 200, response.text
    return response.headers["location"]


async def put(api: Api, path: str, body: Any, **headers: str) -> Any:
    return await api.client.put(path, json=body, headers=api.issuer.headers("ops", "ops", **headers))


async def delete(api: Api, path: str, subject: str = "ops", role: str = "ops") -> Any:
    return await api.client.delete(path, headers=api.issuer.headers(subject, role))


async def events(api: Api) -> list[str]:
    rows = await api.pool.fetch("SELECT type FROM event WHERE type LIKE '%key-contact%' ORDER BY position")
    return [row["type"].split("key-contact-")[1] for row in rows]


async def test_a_key_contact_is_read_as_it_was_written(api: Api) -> None:
    address = await api.registered()
    contact = await added(api, address)
    read = (await api.get(contact)).json()
    assert read == SHOWN | {"id": contact.rpartition("/")[2]}
    assert (await api.get(address)).json()["key_contacts"] == [read]


async def test_a_retry_meets_the_same_key_contact(api: Api) -> None:
    address = await api.registered()
    first, second = [await api.post(f"{address}/key-contacts", CONTACT, idempotency_key="k1") for _ in range(2)]
    assert second.headers["location"] == first.headers["location"]
    assert second.headers["idempotency-replayed"] == "true"
    assert len((await api.get(address)).json()["key_contacts"]) == 1


async def test_events_hold_no_personal_data(api: Api) -> None:
    address = await api.registered()
    await added(api, address)
    await api.listed(1)
    places = [
        *await api.pool.fetch("SELECT convert_from(state, 'UTF8') FROM event"),
        *await api.pool.fetch("SELECT row_to_json(c)::text FROM customer c"),
    ]
    assert len(places) == 3
    for word in ("吴敏", "13800138000", "wu@example.com", '"month"', "lunar"):
        assert not [place for place in places if word in place[0]]


async def test_repeated_values_are_no_change_and_omitted_ones_are_deleted(api: Api) -> None:
    contact = await added(api, await api.registered())
    same = await put(api, contact, CONTACT)
    assert (same.status_code, await events(api)) == (200, ["added.v1"])
    changed = await put(api, contact, {"name": "吴敏", "phone": "021-62345678"})
    assert (changed.status_code, await events(api)) == (200, ["added.v1", "changed.v1"])
    read = (await api.get(contact)).json()
    assert (read["phone"], read["email"], read["role"], read["dates"]) == ("+862162345678", None, None, [])


async def test_a_removed_key_contact_is_not_found(api: Api) -> None:
    address = await api.registered()
    contact = await added(api, address)
    assert (await delete(api, contact)).status_code == 200
    assert (await api.get(contact)).status_code == 404
    assert (await api.get(address)).json()["key_contacts"] == []
    again = await delete(api, contact)
    assert (again.status_code, again.json()["code"]) == (409, "key-contact-unknown")


@pytest.mark.parametrize(
    ("who", "is_withheld"),
    [
        (SALES, False),
        (("E1001", "leader"), False),
        (("E2", "ops"), False),
        (("E3", "admin"), False),
        (("crm", "integration"), True),
        (("E4", "finance"), True),
    ],
)
async def test_personal_data_is_shown_to_holders_ops_and_admin(
    api: Api, who: tuple[str, str], is_withheld: bool
) -> None:
    address = await api.registered(owner_id="E1007", leader_id="E1001")
    contact = await added(api, address)
    for read in ((await api.get(contact, *who)).json(), (await api.get(address, *who)).json()["key_contacts"][0]):
        assert (read["is_withheld"], read["role"], read["date_kinds"]) == (is_withheld, "buyer", ["birthday"])
        words = [read["name"], read["phone"], read["email"], read["dates"]]
        assert words == ([None, None, None, []] if is_withheld else [SHOWN[name] for name in NAMES])


NAMES = ("name", "phone", "email", "dates")


async def test_a_customer_is_shown_with_the_people_of_that_time(api: Api) -> None:
    address = await api.registered(occurred_at="2024-01-01T09:00:00+08:00")
    contact = await added(api, address, occurred_at="2024-02-01T09:00:00+08:00")
    await delete(api, contact)
    then = [
        len((await api.get(f"{address}?as_of=2024-0{month}-02T00:00:00Z")).json()["key_contacts"]) for month in (1, 2)
    ]
    assert then == [0, 1]


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("phone", "1380013", "/phone"),
        ("email", "wu", "/email"),
        ("dates", [{"kind": "birthday", "month": 2, "day": 30}], "/dates/0/day"),
        ("name", None, "/name"),
    ],
)
async def test_a_field_that_does_not_fit_is_named(api: Api, field: str, value: Any, pointer: str) -> None:
    address = await api.registered()
    response = await api.post(f"{address}/key-contacts", CONTACT | {field: value})
    assert (response.status_code, [error["pointer"] for error in response.json()["errors"]]) == (422, [pointer])


async def test_another_seller_cannot_read_or_change_key_contacts(api: Api) -> None:
    address = await api.registered(owner_id="E1007")
    contact = await added(api, address)
    stranger = ("E3333", "sales")
    assert (await api.get(contact, *stranger)).status_code == 403
    assert (await api.post(f"{address}/key-contacts", CONTACT, *stranger)).status_code == 403
    assert (await delete(api, contact, *stranger)).status_code == 403
    assert await events(api) == ["added.v1"]


async def test_of_a_customer_that_is_not_there_nothing_is_known(api: Api) -> None:
    nowhere = f"/v1/customers/{uuid4()}/key-contacts"
    assert (await api.get(f"{nowhere}/{uuid4()}")).status_code == 404
    refused = await api.post(nowhere, CONTACT)
    assert (refused.status_code, refused.json()["code"]) == (409, "customer-unknown")


def reminder(api: Api, now: datetime) -> ImportantDateReminder:
    """Return the timer of one process, whose clock stands at this time."""
    store, pseudonyms = EventStore(api.pool), Pseudonyms(SETTINGS.pseudonym_key)
    handler = CommandHandler(store, IMPORTANT_DATE, EventMapper())
    return ImportantDateReminder(api.pool, handler, pseudonyms, "Asia/Shanghai", lambda: now)


async def told(api: Api, customer: str) -> list[ImportantDateApproaching]:
    rows = await EventStore(api.pool).read_subject(UUID(customer.rpartition("/")[2]), after=0, limit=50)
    events = [EventMapper().to_envelope(row).event for row in rows]
    return [event for event in events if isinstance(event, ImportantDateApproaching)]


async def test_an_important_date_is_recorded_once_some_days_ahead_unless_the_contact_was_removed(api: Api) -> None:
    customer = await api.registered()
    kept = await added(api, customer)
    gone = await added(api, customer)
    await delete(api, gone)

    async def known() -> bool:
        rows = await api.pool.fetch("SELECT dates_ref FROM key_contact_dates")
        return sorted(row["dates_ref"] is None for row in rows) == [False, True]

    await eventually(known)
    eve = datetime(2026, 9, 20, 16, 30, tzinfo=UTC)
    await reminder(api, eve - timedelta(days=7)).run_due()
    assert await told(api, customer) == []
    for later in range(3):
        await reminder(api, eve + timedelta(days=later)).run_due()
    (found,) = await told(api, customer)
    assert (found.on, str(found.key_contact_id)) == (date(2026, 9, 25), kept.rpartition("/")[2])
    await reminder(api, datetime(2027, 9, 12, tzinfo=UTC)).run_due()
    assert [each.on for each in await told(api, customer)] == [date(2026, 9, 25), date(2027, 9, 15)]

"""Erasure through the API: who may erase, what is erased, what stays, and what is rejected afterwards."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.commands.command import Context
from chassis.consume.rebuild import SESSION, Rebuild
from chassis.postgres.database import open_pool, transaction
from chassis.store.append import Answer, Append
from chassis.store.event_store import EventStore
from chassis.store.vault import VaultEntry
from contracts.examples import example_envelope
from contracts.followup import WordsErased
from services.customer.commands import EraseCustomer
from services.customer.inbound import receiver
from services.customer.projection import followup as of_followup
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_people import CONTACT, added, delete, put
from tests.support.servers import Database
from tests.support.waiting import eventually

REASON = {"reason": "asked-by-person"}
PARKED = """
    INSERT INTO parked_event (consumer, topic, partition, position, subject, headers, value, reason)
    VALUES ($1, 'care.customer.inbound.v1', 0, $2, $3, '{}', $4, 'a test''s own')
"""
PERSON = {"kind": "person", "name": None, "person_name": "钱进"}


async def words(api: Api, address: str) -> set[str]:
    rows = await api.pool.fetch("SELECT value FROM vault WHERE subject = $1", id_of(address))
    return {row["value"] for row in rows}


def id_of(address: str) -> UUID:
    return UUID(address.rpartition("/")[2])


async def certificate(api: Api, address: str) -> Any:
    read = await api.get(f"{address}/erasure")
    assert read.status_code == 200, read.text
    return read.json()


async def test_an_erased_person_is_known_by_no_word_any_more(api: Api) -> None:
    address = await api.registered(**PERSON, owner_id="E1007")
    await api.post(f"{address}/needs", {"need": "upgrade", "text": "想换一台安静的"})
    assert await words(api, address) == {"钱进", "想换一台安静的"}
    erased = await api.post(f"{address}/erasure", REASON)
    assert (erased.status_code, erased.headers["location"]) == (200, f"{address}/erasure")
    assert await words(api, address) == set()
    read = (await api.get(address)).json()
    assert (read["name"], read["is_erased"], read["owner_id"]) == (None, True, "E1007")
    [needed] = (await api.get(f"{address}/needs")).json()["items"]
    assert needed["need"] == "upgrade"


async def test_the_certificate_shows_which_services_have_erased(api: Api) -> None:
    """What alerts and reporting answer comes over Kafka: see test_erasure_answers.py."""
    address = await api.registered(**PERSON)
    await api.post(f"{address}/erasure", REASON)
    told = await certificate(api, address)
    [erasure] = told["erasures"]
    ours, theirs, *wordless = erasure["answers"]
    assert (erasure["reason"], erasure["asked_by"], erasure["is_complete"]) == ("asked-by-person", "ops", False)
    assert (ours["service"], ours["entries"], ours["erased_at"] is not None) == ("customer", 1, True)
    assert theirs == {"service": "followup", "erased_at": None, "entries": None}
    assert wordless == [{**theirs, "service": "alerts"}, {**theirs, "service": "reporting"}]
    answer = example_envelope(WordsErased(erasure_id=UUID(erasure["id"]), entries=7), subject=id_of(address))
    for _ in range(2):
        async with transaction(api.pool) as held:
            await of_followup.apply([answer], held)
    [erasure] = (await certificate(api, address))["erasures"]
    assert (erasure["is_complete"], erasure["answers"][1]["entries"]) == (False, 7)


async def test_without_an_erasure_there_is_no_certificate(api: Api) -> None:
    assert (await api.get(f"{await api.registered()}/erasure")).status_code == 404
    assert (await api.get(f"/v1/customers/{uuid4()}/erasure")).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("stage", {"stage": "interested"}),
        ("needs", {"need": "upgrade", "text": "想换"}),
        ("key-contacts", CONTACT),
        ("orders", {"amount_minor": 100, "currency": "CNY"}),
        ("handover", {"to_owner_id": "E2"}),
    ],
)
async def test_nothing_more_is_recorded_about_an_erased_person(api: Api, path: str, body: Any) -> None:
    address = await api.registered(**PERSON)
    await api.post(f"{address}/erasure", REASON)
    refused = await api.post(f"{address}/{path}", body, accept_language="zh")
    assert (refused.status_code, refused.json()["code"]) == (410, "customer-erased")
    assert "已被删除" in refused.json()["detail"]
    assert await words(api, address) == set()


async def test_a_number_does_not_bring_an_erased_person_back(api: Api) -> None:
    external = {"system": "crm", "id": "KH-1"}
    address = await api.registered(**PERSON, external=external)
    await api.post(f"{address}/erasure", REASON)
    again = await api.post("/v1/customers", PERSON | {"external": external})
    assert (again.status_code, again.json()["code"]) == (410, "customer-erased")
    assert await words(api, address) == set()


async def test_erasing_twice_is_erasing_once(api: Api) -> None:
    address = await api.registered(**PERSON)
    for _ in range(2):
        assert (await api.post(f"{address}/erasure", REASON)).status_code == 200
    assert len((await certificate(api, address))["erasures"]) == 1


@pytest.mark.parametrize("who", [("E1007", "sales"), ("E1001", "leader"), ("crm", "integration"), ("E4", "finance")])
async def test_only_ops_and_admin_erase(api: Api, who: tuple[str, str]) -> None:
    address = await api.registered(**PERSON, owner_id="E1007", leader_id="E1001")
    assert (await api.post(f"{address}/erasure", REASON, *who)).status_code == 403
    assert (await api.get(f"{address}/erasure", *who)).status_code == 403
    assert await words(api, address) == {"钱进"}


async def test_an_erasure_requested_before_a_crash_is_executed_after_it(api: Api) -> None:
    """The fact stands and nothing has been erased: the process ended between the two."""
    address = await api.registered(**PERSON)
    needs = api.service.app.state.dependencies
    context = Context(key="k", actor="ops", correlation_id="k", now=datetime.now(UTC))
    await needs.customers.handle(id_of(address), EraseCustomer(reason="asked-by-person"), context)

    async def gone() -> bool:
        return not await words(api, address)

    await eventually(gone)


async def test_personal_data_that_arrives_late_is_erased(api: Api) -> None:
    address = await api.registered(**PERSON)
    await api.post(f"{address}/erasure", REASON)
    late, other = (VaultEntry(uuid4(), subject, "text", "迟到的话") for subject in (id_of(address), uuid4()))
    store = EventStore(api.pool)
    for key, entries in (("alone", [late]), ("again", [late, other]), ("again", [late, other])):
        await store.append(Append(key, Answer(b"", 200, b"{}"), vault=entries))
    assert await words(api, address) == set()
    assert await api.pool.fetchval("SELECT count(*) FROM vault WHERE id = $1", other.id) == 1


async def test_parked_inbound_messages_about_an_erased_customer_are_discarded(api: Api) -> None:
    address = await api.registered(**PERSON)
    for number, subject in enumerate((id_of(address), uuid4())):
        await api.pool.execute(PARKED, receiver.CONSUMER, number, subject, "钱进".encode())
    await api.post(f"{address}/erasure", REASON)
    left = await api.pool.fetch("SELECT subject FROM parked_event")
    assert len(left) == 1
    assert left[0]["subject"] != id_of(address)


async def test_parked_messages_under_an_added_number_are_discarded_with_the_customer(api: Api) -> None:
    address, number = await api.registered(**PERSON), {"system": "erp", "id": "K-9"}
    added_number = await api.post(f"{address}/references", {"reference": number})
    assert added_number.status_code < 300, added_number.text
    derived = api.service.app.state.dependencies.pseudonyms.customer("erp", "K-9")
    await api.pool.execute(PARKED, receiver.CONSUMER, 1, derived, "钱进".encode())
    await api.post(f"{address}/erasure", REASON)
    assert await api.pool.fetchval("SELECT count(*) FROM parked_event") == 0


async def test_every_word_about_a_key_contact_goes_and_no_other(api: Api) -> None:
    address = await api.registered()
    wu, zhou = await added(api, address), await added(api, address, name="周敏", phone="021-62345678")
    await put(api, wu, CONTACT | {"name": "吴小敏"})
    await delete(api, wu)
    assert await api.pool.fetchval("SELECT count(*) FROM vault") == 9, "a word that is no news is not kept again"
    before = await words(api, address)
    assert {"吴敏", "吴小敏", "周敏", "+8613800138000"} <= before
    erased = await api.post(f"{wu}/erasure", REASON)
    assert erased.status_code == 200, erased.text
    left = (await api.get(zhou)).json()
    assert (left["name"], left["phone"], left["email"]) == ("周敏", "+862162345678", "wu@example.com")
    assert {"吴敏", "吴小敏", "+8613800138000"}.isdisjoint(await words(api, address))
    [erasure] = (await certificate(api, address))["erasures"]
    assert (erasure["key_contact_id"], erasure["answers"][0]["entries"]) == (wu.rpartition("/")[2], 5)
    assert (await api.post(f"{address}/needs", {"need": "upgrade"})).status_code == 200


async def test_a_key_contact_that_never_was_is_not_erased(api: Api) -> None:
    refused = await api.post(f"{await api.registered()}/key-contacts/{uuid4()}/erasure", REASON)
    assert (refused.status_code, refused.json()["code"]) == (409, "key-contact-unknown")


async def test_the_list_shows_an_erased_person_without_a_name(api: Api) -> None:
    address = await api.registered(**PERSON)
    await api.listed(1)
    await api.post(f"{address}/erasure", REASON)

    async def shown() -> bool:
        [item] = (await api.get("/v1/customers")).json()["items"]
        return bool(item["is_erased"] and item["name"] is None)

    await eventually(shown)


async def test_an_erased_person_is_found_no_more_by_name_or_by_a_key_contacts_phone(api: Api) -> None:
    """The index holds digests of words, and loses them with the words."""
    address = await api.registered(**PERSON)
    await added(api, address)

    async def found(asked: str) -> bool:
        return bool((await api.get(f"/v1/customers?q={asked}")).json()["items"])

    async def found_by_both() -> bool:
        return await found("钱进") and await found("138000")

    async def found_by_none() -> bool:
        return not await found("钱进") and not await found("138000")

    before = "SELECT tokens FROM customer_search"
    await eventually(found_by_both)
    known = set(await api.pool.fetchval(before))
    await api.post(f"{address}/erasure", REASON)
    await eventually(found_by_none)
    assert set(await api.pool.fetchval(before)) < known


async def test_lists_that_are_made_again_bring_no_word_back(api: Api, database: Database) -> None:
    gone, company = await api.registered(**PERSON), await api.registered(name="扬州瘦西湖")
    wu = await added(api, company)
    await added(api, gone)
    await api.post(f"{gone}/erasure", REASON)
    await api.post(f"{wu}/erasure", REASON)
    settings = {**SESSION, "role": "care_migrator"}
    owner = await open_pool(database.admin, size=4, application_name="tests", session=settings)
    try:
        await Rebuild(api.service.models[0], owner).run(lambda _share: None)
    finally:
        await owner.close()
    assert (await api.get(gone)).json()["name"] is None
    assert [(await api.get(f"/v1/customers?q={asked}")).json()["items"] for asked in ("钱进", "138000")] == [[], []]
    assert len((await api.get("/v1/customers?q=扬州")).json()["items"]) == 1
    assert await words(api, gone) == await words(api, company) == set()


async def test_with_a_customer_its_duplicates_are_erased_and_certified(api: Api) -> None:
    address, duplicate = await api.registered(**PERSON), await api.registered(**PERSON)
    await added(api, duplicate)
    merged = await api.post(f"{address}/duplicates", {"duplicate_id": str(id_of(duplicate))})
    assert merged.status_code == 200, merged.text
    exported = (await api.get(f"{address}/export")).json()["facts"]
    assert {fact["customer_id"] for fact in exported} == {str(id_of(address)), str(id_of(duplicate))}
    assert "吴敏" in {word for fact in exported for word in fact["words"].values()}
    assert (await api.post(f"{address}/erasure", REASON)).status_code == 200
    assert await words(api, address) == await words(api, duplicate) == set()
    told = (await certificate(api, address))["erasures"]
    assert [(each["customer_id"], each["answers"][0]["entries"]) for each in told] == [
        (str(id_of(address)), 1),
        (str(id_of(duplicate)), 5),
    ]


async def test_a_duplicate_is_erased_only_with_the_customer_that_it_was_merged_into(api: Api) -> None:
    address, duplicate = await api.registered(**PERSON), await api.registered(**PERSON)
    await api.post(f"{address}/duplicates", {"duplicate_id": str(id_of(duplicate))})
    moved = await api.post(f"{duplicate}/erasure", REASON)
    assert (moved.status_code, moved.json()["code"]) == (410, "moved")
    assert moved.json()["canonical_id"] == str(id_of(address))
    assert moved.headers["link"] == f'<{address}/erasure>; rel="canonical"'
    assert await words(api, address) == await words(api, duplicate) == {"钱进"}
    assert (await api.post(f"{address}/erasure", REASON)).status_code == 200
    assert await words(api, address) == await words(api, duplicate) == set()


async def test_an_erased_customer_cannot_be_merged(api: Api) -> None:
    erased, other = await api.registered(**PERSON), await api.registered(**PERSON)
    await api.post(f"{erased}/erasure", REASON)
    for survivor, duplicate in ((erased, other), (other, erased)):
        refused = await api.post(f"{survivor}/duplicates", {"duplicate_id": str(id_of(duplicate))})
        assert (refused.status_code, refused.json()["code"]) == (410, "customer-erased")

"""What this service does when a customer or a key contact is erased: erase, answer, take nothing more."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.commands.command import Context
from chassis.commands.command_handler import CommandHandler
from chassis.postgres.database import transaction
from chassis.store.append import Answer, Append
from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from chassis.store.vault import VaultEntry
from contracts.customer import CustomerErased, KeyContactAdded, KeyContactErased
from contracts.event import Event
from contracts.examples import example, example_envelope
from services.followup.commands import LogContact
from services.followup.domain.contact import CONTACT
from services.followup.erasure.execution import ErasureHandler
from services.followup.projection import customers
from tests.integration.followup.conftest import World
from tests.integration.followup.test_imports import imported_rows, outcomes

ANSWERED = "SELECT convert_from(state, 'UTF8')::jsonb -> 'data' AS data FROM event WHERE type LIKE '%words-erased.v1'"
ERASED = CustomerErased(reason="asked-by-person")
CALL = {"channel": "phone", "direction": "inbound", "content": "她说下月搬家"}
SPOKEN = CALL | {
    "goal": "约到吴敏",
    "attachments": [{"kind": "recording", "uri": "file:///wu-min.mp3"}],
    "purpose": "visit",
    "fields": [{"name": "mood", "value": "高兴"}],
}
FORM = {"fields": [{"name": "mood", "kind": "text"}]}


@pytest.fixture(autouse=True)
async def _form(world: World) -> None:
    assert (await world.send("PUT", "/v1/contact-forms/visit", json=FORM)).is_success


def handler(world: World) -> ErasureHandler:
    return ErasureHandler(EventStore(world.pool), EventMapper(), world.pseudonyms)


async def hear(world: World, customer_id: UUID, fact: Event, version: int = 5) -> None:
    """Let an erasure come in from the customers' topic, at both that listen to it."""
    heard = example_envelope(fact, id=uuid4(), subject=customer_id, version=version)
    async with transaction(world.pool) as held:
        await customers.apply([heard], held)
        await handler(world).receive([heard], held)


async def words(world: World, customer_id: UUID) -> set[str]:
    rows = await world.pool.fetch("SELECT value FROM vault WHERE subject = $1", customer_id)
    return {row["value"] for row in rows}


async def test_the_cells_of_failed_rows_are_erased_with_the_customer(world: World) -> None:
    mine, other = world.pseudonyms.customer("file", "KH-1"), world.pseudonyms.customer("file", "KH-2")
    await world.hears_of_customer(mine, "上海腾云")
    await world.hears_of_customer(other, "北京新创")
    lines = ["上海腾云,2024-06-01,甲,李强,没有,", ",昨天,乙,李强,已完成,KH-1", "北京新创,2024-06-01,丙,李强,没有,"]
    assert outcomes(await imported_rows(world, *lines)) == ["failed"] * 3
    await hear(world, mine, CustomerErased(reason="asked-by-person"))
    kept = await world.pool.fetch("SELECT original FROM import_row ORDER BY number")
    assert [row["original"] and row["original"][2] for row in kept] == [None, None, "丙"]


async def answers(world: World) -> list[dict[str, Any]]:
    return [row["data"] for row in await world.pool.fetch(ANSWERED)]


async def test_every_word_about_an_erased_customer_goes_and_is_answered_for(world: World) -> None:
    customer_id, other = await world.hears_of_customer(), await world.hears_of_customer()
    for each in (customer_id, other):
        assert (await world.post(f"/v1/customers/{each}/contacts", SPOKEN)).status_code == 201
    await world.post(f"/v1/customers/{customer_id}/complaints", {"channel": "phone", "content": "太吵"})
    await hear(world, customer_id, ERASED)
    assert (await words(world, customer_id), len(await words(world, other))) == (set(), 4)
    [answer] = await answers(world)
    assert answer["entries"] == 5


async def test_an_erasure_heard_twice_is_carried_out_and_answered_once(world: World) -> None:
    customer_id = await world.hears_of_customer()
    await world.post(f"/v1/customers/{customer_id}/contacts", CALL)
    for _ in range(2):
        await hear(world, customer_id, ERASED)
    assert [answer["entries"] for answer in await answers(world)] == [1]


async def test_what_was_done_stays_without_its_words(world: World) -> None:
    customer_id = await world.hears_of_customer()
    made = await world.post(f"/v1/customers/{customer_id}/contacts", SPOKEN)
    await hear(world, customer_id, ERASED)
    read = (await world.get(made.headers["location"])).json()
    assert (read["channel"], read["content"], read["goal"], read["attachments"], read["fields"]) == (
        "phone",
        None,
        None,
        [{"kind": "recording", "uri": None}],
        [{"name": "mood", "value": None}],
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [("contacts", CALL), ("tasks", {"due_at": "2030-01-01T09:00:00+08:00"}), ("complaints", {"channel": "phone"})],
)
async def test_nothing_new_is_recorded_about_an_erased_customer(world: World, path: str, body: Any) -> None:
    customer_id = await world.hears_of_customer()
    await hear(world, customer_id, ERASED)
    refused = await world.post(f"/v1/customers/{customer_id}/{path}", body)
    assert (refused.status_code, refused.json()["code"]) == (410, "customer-erased")


async def test_what_is_still_open_can_be_ended_and_no_word_of_it_stays(world: World) -> None:
    customer_id = await world.hears_of_customer()
    task = await world.post(f"/v1/customers/{customer_id}/tasks", {"due_at": "2030-01-01T09:00:00+08:00"})
    await hear(world, customer_id, ERASED)
    ended = await world.post(f"{task.headers['location']}/cancellation", {"reason": "钱进不想再被打扰"})
    assert (ended.status_code, await words(world, customer_id)) == (200, set())


async def test_a_word_that_comes_while_the_erasure_is_on_its_way_does_not_stay(world: World) -> None:
    """Before the erasure it goes with the rest; after it the vault takes it no more."""
    customer_id = await world.hears_of_customer()
    entry = VaultEntry(uuid4(), customer_id, "content", "迟到的话")
    await hear(world, customer_id, ERASED)
    await EventStore(world.pool).append(Append("late", Answer(b"", 200, b"{}"), vault=[entry]))
    assert await words(world, customer_id) == set()


async def met(world: World, customer_id: UUID) -> UUID:
    """Add a key contact to the customer."""
    added = example(KeyContactAdded).model_copy(update={"key_contact_id": uuid4()})
    async with transaction(world.pool) as held:
        await customers.apply([example_envelope(added, subject=customer_id)], held)
    return added.key_contact_id


async def test_of_a_key_contact_go_the_words_of_contacts_with_them(world: World) -> None:
    customer_id = await world.hears_of_customer()
    wu, zhou = str(await met(world, customer_id)), str(await met(world, customer_id))
    for body in (SPOKEN | {"key_contact_id": wu}, CALL | {"key_contact_id": zhou, "content": "周敏来电"}):
        assert (await world.post(f"/v1/customers/{customer_id}/contacts", body)).status_code == 201
    await hear(world, customer_id, KeyContactErased(key_contact_id=UUID(wu), reason="asked-by-person"))
    assert await words(world, customer_id) == {"周敏来电"}
    [answer] = await answers(world)
    assert (answer["entries"], answer["key_contact_id"]) == (4, wu)
    refused = await world.post(f"/v1/customers/{customer_id}/contacts", CALL | {"key_contact_id": wu})
    assert (refused.status_code, refused.json()["code"]) == (410, "key-contact-erased")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/key_contact_id"]
    assert (await world.post(f"/v1/customers/{customer_id}/contacts", CALL)).status_code == 201


async def test_what_was_said_with_a_key_contact_in_that_moment_goes_when_it_is_heard_of(world: World) -> None:
    """The contact had passed the door before the erasure came in, and is in the log only after it."""
    customer_id, wu = await world.hears_of_customer(), uuid4()
    await hear(world, customer_id, KeyContactErased(key_contact_id=wu, reason="asked-by-person"))
    store, now = EventStore(world.pool), datetime.now(UTC)
    contacts = CommandHandler(store, CONTACT, EventMapper())
    for person_id, said in ((wu, "迟到的话"), (None, "周敏来电")):
        command = LogContact(
            channel="phone", direction="inbound", employee_id="E1", content=said, key_contact_id=person_id
        )
        context = Context(key=said, actor="E1", correlation_id="late", now=now)
        await contacts.handle(uuid4(), command, context, subject=customer_id)
    facts = [EventMapper().to_envelope(row) for row in await store.read_subject(customer_id, after=0, limit=100)]
    async with transaction(world.pool) as held:
        await handler(world).receive_own(facts, held)
    assert await words(world, customer_id) == {"周敏来电"}


async def test_what_a_key_contact_answered_to_a_survey_goes_and_comes_out_before(world: World) -> None:
    customer_id = await world.hears_of_customer()
    wu = str(await met(world, customer_id))
    asked = {"survey": "after-service", "kind": "csat", "channel": "wechat", "key_contact_id": wu}
    survey = await world.post(f"/v1/customers/{customer_id}/surveys", asked)
    assert survey.status_code == 201, survey.text
    code = (await world.get(f"{survey.headers['location']}/invitation")).json()["code"]
    given = await world.post(f"/v1/survey-invitations/{code}/answer", {"score": 4, "comment": "回复很快"})
    assert given.status_code == 200, given.text
    hers = (await world.get(f"/v1/customers/{customer_id}/key-contacts/{wu}/export")).json()
    assert (len(hers["facts"]), said(hers)) == (2, {"回复很快"})
    await hear(world, customer_id, KeyContactErased(key_contact_id=UUID(wu), reason="asked-by-person"))
    assert await words(world, customer_id) == set()
    assert (await world.get(survey.headers["location"])).json()["score"] == 4
    assert (await world.post(f"/v1/customers/{customer_id}/surveys", asked)).json()["code"] == "key-contact-erased"


async def test_what_is_held_comes_out_with_its_words_of_a_customer_and_of_a_key_contact(world: World) -> None:
    customer_id = await world.hears_of_customer()
    wu = str(await met(world, customer_id))
    await world.post(f"/v1/customers/{customer_id}/contacts", SPOKEN | {"key_contact_id": wu})
    await world.post(f"/v1/customers/{customer_id}/complaints", {"channel": "phone", "content": "太吵"})
    whole = (await world.get(f"/v1/customers/{customer_id}/export")).json()
    assert said(whole) == await words(world, customer_id)
    assert (whole["service"], whole["next_after"]) == ("followup", None)
    hers = (await world.get(f"/v1/customers/{customer_id}/key-contacts/{wu}/export")).json()
    assert (len(hers["facts"]), said(hers)) == (1, said(whole) - {"太吵"})


def said(part: dict[str, Any]) -> set[str]:
    return {word for fact in part["facts"] for word in fact["words"].values()}

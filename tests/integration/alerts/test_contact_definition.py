"""What counts as a contact, published by operations: the routes, what follows, and what a rebuild gives."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from chassis.postgres.database import Pool, transaction
from contracts.customer import Kind, OwnerAssigned, Registered
from contracts.event import Envelope, Event, Metadata
from contracts.examples import example
from contracts.followup import ContactLogged
from services.alerts.detection import memory
from services.alerts.detection.derivation import Derivation
from services.alerts.detection.stored_rules import StoredRules
from services.alerts.engine.facts import Facts
from services.alerts.engine.rings import times
from tests.support.facts import received_of
from tests.support.rule_desk import RuleDesk, days_ago, kinds, stored_rules

DEFINITION = "/v1/contact-definition"
SHIPPED = ["bounced", "busy", "no-answer", "not-reached", "voicemail", "wrong-number"]
ALL_OUTCOMES = {"outcomes": [], "reason": "A voicemail counts, too"}


async def put(desk: RuleDesk, body: Any, version: str | None = None) -> tuple[int, Any]:
    headers = desk.issuer.headers("E9", "ops") | ({"If-Match": f'"{version}"'} if version else {})
    response = await desk.http.request("PUT", DEFINITION, json=body, headers=headers)
    return response.status_code, response.json()


async def test_the_shipped_definition_is_the_first_version(desk: RuleDesk) -> None:
    shipped = await desk.done("GET", DEFINITION)
    assert (shipped["number"], shipped["outcomes"], shipped["automated"]) == (1, SHIPPED, False)
    await desk.done("PUT", DEFINITION, ALL_OUTCOMES)
    await desk.done("PUT", DEFINITION, ALL_OUTCOMES | {"reason": "Asked for again"})
    found = await desk.done("GET", DEFINITION)
    assert (found["number"], found["outcomes"], found["reason"]) == (3, [], "Asked for again")
    versions = (await desk.done("GET", f"{DEFINITION}/versions"))["items"]
    assert [(each["number"], each["published_by"]) for each in versions] == [(3, "E9"), (2, "E9"), (1, "system")]
    changed = (await desk.done("GET", f"{DEFINITION}/difference?from=1&to=3"))["changes"]
    assert any(each["path"].startswith("/outcomes") for each in changed)


async def test_a_version_that_another_one_overtook_is_refused(desk: RuleDesk) -> None:
    assert (await put(desk, ALL_OUTCOMES, "0"))[0] == 201
    status, problem = await put(desk, ALL_OUTCOMES | {"automated": True}, "0")
    assert (status, problem["code"]) == (412, "version-mismatch")


async def test_what_is_wrong_is_named(desk: RuleDesk) -> None:
    refused = {
        "/outcomes": ALL_OUTCOMES | {"outcomes": ["busy", "busy"]},
        "/channels/0": ALL_OUTCOMES | {"channels": ["pigeon"]},
        "/accounts": ALL_OUTCOMES | {"accounts": ["E1", "E1"]},
        "/reason": {"outcomes": []},
    }
    for pointer, body in refused.items():
        status, problem = await put(desk, body)
        assert (status, [each["pointer"] for each in problem["errors"]]) == (422, [pointer])


def voicemail() -> ContactLogged:
    return example(ContactLogged, outcome="voicemail", automated=False)


async def test_a_version_concerns_contacts_that_are_recorded_after_it(desk: RuleDesk) -> None:
    customer_id = await desk.customer(40)
    await desk.settle()
    before = datetime.now(UTC)
    await desk.tell(customer_id, voicemail(), before)
    await desk.done("PUT", DEFINITION, ALL_OUTCOMES)
    await desk.settle()
    assert kinds(await desk.told("inactivity")) == ["raised"]
    # It was recorded before the publication, and is received after it.
    await desk.tell(customer_id, voicemail(), before)
    assert kinds(await desk.told("inactivity")) == ["raised"]
    await desk.tell(customer_id, voicemail())
    assert kinds(await desk.told("inactivity")) == ["raised", "cleared"]


async def test_a_publication_starts_no_sweep_and_every_process_sees_it_at_once(desk: RuleDesk) -> None:
    await desk.settle()
    other = stored_rules()
    before = await desk.current(other)
    await desk.done("PUT", DEFINITION, ALL_OUTCOMES)
    after = await desk.current(other)
    assert (len(before.contacts.published), len(after.contacts.published)) == (0, 1)
    assert await in_force(desk, other)
    assert not await desk.sweep.run_due()


async def in_force(desk: RuleDesk, rules: StoredRules) -> bool:
    """Return whether all customers were evaluated under the rules in force."""
    async with transaction(desk.pool) as held:
        return (await rules.current(held)).is_swept(UUID(int=2**128 - 1))


async def test_a_rebuild_after_publications_gives_the_same_memory(desk: RuleDesk, owner: Pool) -> None:
    customer_id = uuid4()
    told: list[tuple[Event, float]] = [
        (Registered(name="上海腾云", kind=Kind.COMPANY), 40),
        (OwnerAssigned(owner_id="E1", leader_id="E2"), 40),
        (voicemail(), 30),
    ]
    for number, (event, days) in enumerate(told, 1):
        await receive(desk, customer_id, event, days_ago(days), number)
    counted = []
    for number, outcomes in enumerate(([], SHIPPED), len(told) + 1):
        await desk.done("PUT", DEFINITION, {"outcomes": outcomes, "reason": "A test"})
        counted.append(datetime.now(UTC))
        await receive(desk, customer_id, voicemail(), counted[-1], number)
    live = await memory_of(desk.pool, customer_id)
    assert live.last_contact is not None
    assert live.last_contact.at == counted[0]
    assert len(times(live.rings, "human-contact")) == 1
    async with transaction(owner) as held:
        await held.execute("TRUNCATE silence, silence_item, customer_holders")
        await Derivation(desk.mapper, stored_rules()).derive_all(held)
    assert await memory_of(desk.pool, customer_id) == live


async def receive(desk: RuleDesk, customer_id: UUID, event: Event, at: datetime, position: int) -> None:
    """Receive a fact as the consumer does: it is stored, and evaluated."""
    metadata = Metadata(actor="tests", correlation_id="tests")
    envelope = Envelope(uuid4(), customer_id, customer_id, position, position, at, at, metadata, event)
    async with transaction(desk.pool) as held:
        await desk.detector.apply(received_of([envelope]), held)


async def memory_of(pool: Pool, customer_id: UUID) -> Facts:
    async with transaction(pool) as held:
        return (await memory.load_whole(held, {customer_id}))[customer_id].state.facts

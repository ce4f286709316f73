"""Issue 13: a contact or a survey names a key contact that the customer has."""

from typing import Any
from uuid import uuid4

import pytest

from chassis.postgres.database import transaction
from contracts.customer import KeyContactRemoved, Merged
from contracts.examples import OWNER, example_envelope
from services.followup.projection import customers
from tests.integration.followup.conftest import CALL, World
from tests.integration.followup.test_erasure import met

SURVEY = {"survey": "delivery", "kind": "csat"}


@pytest.mark.parametrize(("kind", "body"), [("contacts", CALL), ("surveys", SURVEY)])
async def test_13_an_unknown_key_contact_is_refused_in_both_languages(
    world: World, kind: str, body: dict[str, Any]
) -> None:
    customer_id, other_id = await world.hears_of_customer(), await world.hears_of_customer()
    path = f"/v1/customers/{customer_id}/{kind}"
    for unknown in (uuid4(), await met(world, other_id)):
        refused = await world.post(path, body | {"key_contact_id": str(unknown)}, OWNER, "sales")
        assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed")
        [error] = refused.json()["errors"]
        assert (error["pointer"], error["rule"]) == ("/key_contact_id", "key-contact-unknown")
    known = body | {"key_contact_id": str(await met(world, customer_id))}
    assert (await world.post(path, known, OWNER, "sales")).status_code == 201
    in_chinese = await world.post(
        path, body | {"key_contact_id": str(uuid4())}, OWNER, "sales", accept_language="zh-CN"
    )
    assert in_chinese.json()["errors"][0]["detail"] == "该客户没有这位关键联系人。"


async def test_13_a_removed_key_contact_and_one_of_a_duplicate_are_known(world: World) -> None:
    customer_id, duplicate_id = await world.hears_of_customer(), await world.hears_of_customer()
    removed, of_duplicate = await met(world, customer_id), await met(world, duplicate_id)
    facts = [
        example_envelope(KeyContactRemoved(key_contact_id=removed), subject=customer_id),
        example_envelope(Merged(into_customer_id=customer_id), subject=duplicate_id),
    ]
    async with transaction(world.pool) as held:
        await customers.apply(facts, held)
    for known in (removed, of_duplicate):
        body = CALL | {"key_contact_id": str(known)}
        assert (await world.post(f"/v1/customers/{customer_id}/contacts", body, OWNER, "sales")).status_code == 201


async def test_13_before_a_rebuild_the_key_contacts_of_older_customers_are_not_checked(world: World) -> None:
    customer_id = await world.hears_of_customer()
    await world.pool.execute("UPDATE customer_ref SET key_contact_ids = NULL")
    await met(world, customer_id)
    body = CALL | {"key_contact_id": str(uuid4())}
    assert (await world.post(f"/v1/customers/{customer_id}/contacts", body, OWNER, "sales")).status_code == 201

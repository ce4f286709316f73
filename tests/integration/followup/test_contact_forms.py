"""Forms of contacts over HTTP: published without a deploy, and heeded by the next contact."""

from contracts.examples import OWNER
from tests.integration.followup.conftest import World

FORM = {"fields": [{"name": "people", "kind": "number", "required": True}, {"name": "impression", "kind": "text"}]}
VISIT = {"channel": "visit", "direction": "outbound", "purpose": "visit"}


async def test_a_published_form_is_heeded_by_the_next_contact(world: World) -> None:
    address = f"/v1/customers/{await world.hears_of_customer()}/contacts"
    await world.send("PUT", "/v1/contact-forms/visit", json=FORM)
    said = [{"name": "people", "value": 2}, {"name": "impression", "value": "李敏很满意"}]

    refused = await world.post(address, VISIT | {"fields": [said[1], {"name": "size", "value": 1}]}, OWNER, "sales")
    logged = await world.post(address, VISIT | {"fields": said}, OWNER, "sales")
    await world.lists_are_level()

    assert refused.status_code == 422
    assert [(each["pointer"], each["rule"]) for each in refused.json()["errors"]] == [
        ("/fields/1/name", "field-unknown"),
        ("/fields", "field-missing"),
    ]
    (listed,) = (await world.get("/v1/contacts")).json()["items"]
    assert (listed["fields"], listed["form_number"]) == (said, 1)
    assert (await world.get(logged.headers["Location"])).json() == listed
    texts = await world.pool.fetch("SELECT convert_from(state, 'UTF8') AS text FROM event")
    assert not any("李敏" in row["text"] for row in texts)


async def test_a_form_is_read_back_and_replaced_as_a_whole(world: World) -> None:
    missing = await world.get("/v1/contact-forms/visit")
    first = await world.send("PUT", "/v1/contact-forms/visit", json=FORM)
    same = await world.send("PUT", "/v1/contact-forms/visit", json=FORM)
    stale = await world.send("PUT", "/v1/contact-forms/visit", json={"fields": []}, headers={"If-Match": '"7"'})
    second = await world.send("PUT", "/v1/contact-forms/visit", json={"fields": []}, headers={"If-Match": '"1"'})
    read = await world.get("/v1/contact-forms/visit", OWNER, "sales")

    answers = (missing, first, same, stale, second)
    assert [answer.status_code for answer in answers] == [404, 201, 200, 412, 200]
    assert (read.json()["number"], read.json()["fields"], read.headers["ETag"]) == (2, [], '"2"')

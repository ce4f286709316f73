"""The API of the customer service: its promises to callers, and what it refuses."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from chassis.http.body import MAX_BODY_BYTES
from chassis.http.problems import MEDIA_TYPE
from chassis.store.retention import RETENTION
from tests.integration.customer.conftest import Api

CANARY = "金丝雀王小明"
COMPANY = {"name": "上海腾云"}
PERSON = {"kind": "person", "person_name": CANARY}
SALES = ("E1007", "sales")
STRANGER = ("E3333", "sales")


async def test_a_registration_is_answered_with_where_it_is_and_its_version(api: Api) -> None:
    response = await api.post("/v1/customers", COMPANY)
    assert response.status_code == 201
    assert response.headers["location"] == f"/v1/customers/{response.json()['id']}"
    assert (response.headers["etag"], response.json()["version"]) == ('"1"', 1)
    read = await api.get(response.headers["location"])
    assert (read.json()["name"], read.headers["etag"]) == ("上海腾云", '"1"')


async def test_71_a_retry_may_have_other_spacing_and_another_order_of_fields(api: Api) -> None:
    headers = {**api.issuer.headers("ops", "ops", idempotency_key="k1"), "content-type": "application/json"}
    bodies = json.dumps(PERSON), json.dumps(dict(reversed(PERSON.items())), indent=2)
    first, second = [await api.client.post("/v1/customers", content=body, headers=headers) for body in bodies]
    assert (first.status_code, second.status_code, second.content) == (201, 201, first.content)
    assert second.headers["idempotency-replayed"] == "true"
    expires_on = await api.pool.fetchval("SELECT expires_on FROM idempotency")
    assert expires_on == datetime.now(UTC).date() + RETENTION, "keys of requests expire"


async def test_a_retry_gets_the_first_answer_and_has_no_second_effect(api: Api) -> None:
    first, second = [await api.post("/v1/customers", COMPANY, idempotency_key="k1") for _ in range(2)]
    assert (second.status_code, second.content) == (first.status_code, first.content) == (201, first.content)
    assert (second.headers["etag"], second.headers["location"]) == (first.headers["etag"], first.headers["location"])
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert await api.pool.fetchval("SELECT count(*) FROM event") == 1


async def test_a_retry_for_a_colleagues_customer_gets_the_first_answer(api: Api) -> None:
    """A seller registers a customer for a colleague; the reply is lost on the way."""
    body = COMPANY | {"owner_id": "E2"}
    first, second = [await api.post("/v1/customers", body, *SALES, idempotency_key="k1") for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content


async def test_a_retry_by_who_has_handed_the_customer_over_gets_the_first_answer(api: Api) -> None:
    address = await api.registered(owner_id="E1007")
    first = await api.post(f"{address}/stage", {"stage": "interested"}, *SALES, idempotency_key="k1")
    await api.post(f"{address}/owner", {"owner_id": "E2"})
    retried = await api.post(f"{address}/stage", {"stage": "interested"}, *SALES, idempotency_key="k1")
    assert (retried.status_code, retried.content) == (200, first.content)
    assert (await api.post(f"{address}/stage", {"stage": "signed"}, *SALES, idempotency_key="k2")).status_code == 403


async def test_a_key_of_another_request_is_refused(api: Api) -> None:
    await api.post("/v1/customers", COMPANY, idempotency_key="k1")
    response = await api.post("/v1/customers", {"name": "北京新创"}, idempotency_key="k1")
    assert (response.status_code, response.json()["code"]) == (422, "key-reused")


async def test_anothers_key_tells_nothing_of_their_answer(api: Api) -> None:
    first = await api.post("/v1/customers", COMPANY, "E1", idempotency_key="k1")
    second = await api.post("/v1/customers", COMPANY, "E2", idempotency_key="k1")
    assert "idempotency-replayed" not in second.headers
    assert second.json()["id"] != first.json()["id"]


@pytest.mark.parametrize("field", ["version", "id", "is_admin", "registered_at", "stage_since"])
async def test_a_field_that_is_not_offered_is_refused_by_name(api: Api, field: str) -> None:
    response = await api.post("/v1/customers", COMPANY | {field: CANARY})
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [f"/{field}"]
    assert CANARY not in response.text
    assert await api.pool.fetchval("SELECT count(*) FROM event") == 0


async def test_a_seller_lists_their_own_customers_only(api: Api) -> None:
    own = await api.registered(owner_id="E1007")
    await api.registered(owner_id="E2")
    led = await api.registered(owner_id="E3", leader_id="E1007")
    await api.registered()
    await api.listed(4)
    listed = (await api.get("/v1/customers", *SALES)).json()["items"]
    assert {f"/v1/customers/{row['id']}" for row in listed} == {own, led}
    assert len((await api.get("/v1/customers")).json()["items"]) == 4
    assert (await api.get("/v1/customers", *STRANGER)).json()["items"] == []


@pytest.mark.parametrize("query", ["?owner_id=E2", "?name=%", "?limit=200", "?stage=new"])
async def test_no_filter_widens_what_a_seller_sees(api: Api, query: str) -> None:
    await api.registered(owner_id="E2")
    await api.listed(1)
    assert (await api.get(f"/v1/customers{query}", *STRANGER)).json()["items"] == []


@pytest.mark.parametrize("path", ["", "/events"])
async def test_a_seller_cannot_read_anothers_customer(api: Api, path: str) -> None:
    address = await api.registered(owner_id="E2")
    response = await api.get(address + path, *STRANGER)
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert "腾云" not in response.text


@pytest.mark.parametrize(
    ("path", "body"),
    [("/stage", {"stage": "interested"}), ("/tier", {"tier": "vip"}), ("/profile", {"profile": {"region": "上海"}})],
)
@pytest.mark.parametrize(("who", "status"), [(SALES, 200), (STRANGER, 403), (("fin", "finance"), 403)])
async def test_only_holders_change_a_customer(
    api: Api, path: str, body: dict[str, Any], who: tuple[str, str], status: int
) -> None:
    address = await api.registered(owner_id="E1007")
    before = await api.pool.fetchval("SELECT count(*) FROM event")
    response = await api.post(address + path, body, *who)
    assert response.status_code == status
    assert (await api.pool.fetchval("SELECT count(*) FROM event") > before) is (status == 200)


async def test_a_seller_cannot_make_a_customer_their_own(api: Api) -> None:
    address = await api.registered(owner_id="E2")
    assert (await api.post(f"{address}/owner", {"owner_id": "E3333"}, *STRANGER)).status_code == 403
    external = {"external": {"system": "crm", "id": "KH-1"}}
    taken = await api.registered(owner_id="E2", **external)
    assert (await api.post("/v1/customers", COMPANY | external | {"owner_id": "E3333"}, *STRANGER)).status_code == 403
    assert (await api.get(taken)).json()["owner_id"] == "E2"


async def test_every_documented_address_refuses_a_caller_without_a_token(api: Api) -> None:
    tried = 0
    for path, methods in api.service.app.openapi()["paths"].items():
        for method in methods:
            response = await api.client.request(method, path.replace("{", "").replace("}", ""))
            assert (response.status_code, response.json()["code"]) == (401, "unauthenticated"), (method, path)
            tried += 1
    assert tried > 10


async def test_every_documented_address_reads_json_strictly(api: Api) -> None:
    headers = api.issuer.headers("ops", "ops", content_type="application/json")
    tried = 0
    for path, methods in api.service.app.openapi()["paths"].items():
        for method, operation in methods.items():
            if "application/json" not in operation.get("requestBody", {}).get("content", {}):
                continue
            address = path.replace("{customer_id}", str(uuid4())).replace("{employee_id}", "E1")
            response = await api.client.request(method, address, content=b'{"a": 1, "a": 2}', headers=headers)
            assert (response.status_code, response.json()["code"]) == (400, "malformed-json"), (method, path)
            tried += 1
    assert tried > 5


async def test_a_version_that_has_passed_is_not_changed(api: Api) -> None:
    address = await api.registered()
    moved = await api.post(f"{address}/stage", {"stage": "interested"}, if_match='"1"')
    assert (moved.status_code, moved.headers["etag"]) == (200, '"2"')
    late = await api.post(f"{address}/stage", {"stage": "signed"}, if_match='"1"')
    assert (late.status_code, late.json()["code"]) == (412, "version-mismatch")


@pytest.mark.parametrize("path", ["", "/events"])
async def test_an_unknown_customer_is_not_found(api: Api, path: str) -> None:
    response = await api.get(f"/v1/customers/{uuid4()}{path}")
    assert (response.status_code, response.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("identifier", ["1", "%00", "..%2f..", "𠮷", "{id}", "00000000-0000-0000-0000-00000000000g"])
async def test_an_address_that_is_no_id_is_refused(api: Api, identifier: str) -> None:
    assert (await api.get(f"/v1/customers/{identifier}")).status_code in {404, 422}


async def test_a_body_too_large_is_refused_as_a_problem(api: Api) -> None:
    response = await api.post("/v1/customers", COMPANY | {"source": "x" * MAX_BODY_BYTES})
    assert (response.status_code, response.json()["code"]) == (413, "too-large")
    assert response.headers["content-type"] == MEDIA_TYPE


async def test_another_content_type_is_refused_as_a_problem(api: Api) -> None:
    headers = api.issuer.headers("ops", "ops", content_type="text/plain")
    response = await api.client.post("/v1/customers", content=b'{"name": "a"}', headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported-type")


@pytest.mark.parametrize(
    "name",
    [
        "𠮷野家",
        "㛃",
        "阿卜杜拉·艾则孜",
        "＝1+1",
        "=cmd|' /C calc'!A0",
        "e\u0301",
        "👨‍👩‍👧",
        "Robert'); DROP--",
    ],
)
async def test_a_name_comes_back_exactly_as_it_was_sent(api: Api, name: str) -> None:
    address = await api.registered(name=name)
    assert (await api.get(address)).json()["name"] == name
    await api.listed(1)
    assert (await api.get("/v1/customers")).json()["items"][0]["name"] == name


async def test_a_mark_that_shows_nothing_is_not_part_of_a_name(api: Api) -> None:
    address = await api.registered(name="\u202eabc")
    assert (await api.get(address)).json()["name"] == "abc"


@pytest.mark.parametrize(
    "query",
    [
        "name=%00",
        "tier=%00",
        "owner_id=%00",
        "name=%ff",
        "name=%ed%a0%80",
        "stage=%00",
        "cursor=%00",
        "limit=%00",
        "limit=9e9",
        f"limit={10**30}",
        "name=%25",
        "name=_%5c",
    ],
)
async def test_no_filter_is_a_failure_of_ours(api: Api, query: str) -> None:
    assert (await api.get(f"/v1/customers?{query}")).status_code in {200, 400, 422}


@pytest.mark.parametrize("after", ["9223372036854775808", "1" * 100, "-1", "1e5", "%00"])
async def test_a_position_that_cannot_be_is_refused(api: Api, after: str) -> None:
    address = await api.registered()
    assert (await api.get(f"{address}/events?after={after}")).status_code in {400, 422}


async def test_a_persons_name_is_in_no_event_and_is_read_from_the_vault(api: Api) -> None:
    response = await api.post("/v1/customers", PERSON, idempotency_key="k1")
    address = response.headers["location"]
    assert (await api.get(address)).json()["name"] == CANARY
    states = await api.pool.fetch("SELECT state FROM event")
    answers = await api.pool.fetch("SELECT key, body FROM idempotency")
    assert states
    assert answers
    assert not any(CANARY.encode() in row["state"] for row in states)
    assert not any(CANARY.encode() in row["body"] or CANARY in row["key"] for row in answers)
    assert CANARY not in (await api.get(f"{address}/events")).text
    await api.listed(1)
    assert CANARY not in str(await api.pool.fetch("SELECT * FROM customer"))


async def test_a_problem_says_nothing_of_the_person_it_is_about(api: Api) -> None:
    wrong = await api.post("/v1/customers", PERSON | {"name": CANARY})
    assert (wrong.status_code, CANARY in wrong.text) == (422, False)


async def test_a_customer_can_be_read_as_it_was_and_as_it_was_known(api: Api) -> None:
    address = await api.registered(occurred_at="2024-01-01T00:00:00Z")
    await api.post(f"{address}/stage", {"stage": "interested", "occurred_at": "2024-03-01T00:00:00Z"})
    before = (await api.get(f"{address}/events")).json()["items"][-1]["recorded_at"]
    await api.post(f"{address}/profile", {"profile": {"region": "华东"}, "occurred_at": "2024-02-01T00:00:00Z"})

    async def read(**query: str) -> dict[str, Any]:
        response = await api.get(f"{address}?{urlencode(query)}")
        assert response.status_code == 200
        found: dict[str, Any] = response.json()
        return found

    assert [(await read(as_of=at))[field] for at, field in PAST] == ["new", None, "new", "华东", "interested"]
    assert (await read(as_recorded=before))["region"] is None
    assert (await read(as_recorded=before, as_of="2024-02-15T00:00:00Z"))["region"] is None
    assert (await read(as_of="2024-01-15T00:00:00Z"))["name"] == "上海腾云"


PAST = (
    ("2024-01-15T00:00:00Z", "stage"),
    ("2024-01-15T00:00:00Z", "region"),
    ("2024-02-15T00:00:00Z", "stage"),
    ("2024-02-15T00:00:00Z", "region"),
    ("2024-03-15T00:00:00Z", "stage"),
)


async def test_before_its_first_event_there_is_no_customer(api: Api) -> None:
    address = await api.registered(occurred_at="2024-01-01T00:00:00Z")
    assert (await api.get(f"{address}?as_of=2023-12-31T00:00:00Z")).status_code == 404
    assert (await api.get(f"{address}?as_recorded=2024-12-31T00:00:00Z")).status_code == 404


async def test_an_instant_without_a_zone_asks_nothing_certain(api: Api) -> None:
    address = await api.registered()
    response = await api.get(f"{address}?as_of=2024-01-01T00:00:00")
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "query:as_of")


async def test_history_can_be_narrowed_to_what_was_known_and_paged_all_the_same(api: Api) -> None:
    address = await api.registered(occurred_at="2024-01-01T00:00:00Z")
    for number in range(6):
        body = {"profile": {"region": f"r{number}"}, "occurred_at": f"2024-0{number + 2}-01T00:00:00Z"}
        await api.post(f"{address}/profile", body)
    page = (await api.get(f"{address}/events?as_of=2024-04-15T00:00:00Z&limit=3")).json()
    rest = (await api.get(f"{address}/events?as_of=2024-04-15T00:00:00Z&after={page['next_cursor']}")).json()
    assert [entry["version"] for entry in [*page["items"], *rest["items"]]] == [1, 2, 3, 4]
    assert (page["has_more"], rest["has_more"]) == (True, False)


async def test_a_former_owner_cannot_read_the_past(api: Api) -> None:
    address = await api.registered(owner_id="E1007")
    await api.post(f"{address}/owner", {"owner_id": "E2"})
    assert (await api.get(f"{address}?as_of=2100-01-01T00:00:00Z", *SALES)).status_code == 403

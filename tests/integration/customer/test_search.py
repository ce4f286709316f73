"""The search for customers by name, pinyin and phone, combined with filters."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from services.customer.search.index import Search
from services.customer.search.query import CustomerFilters
from services.customer.search.strategy import Attempt, Method, TokenStatistics
from tests.integration.customer.conftest import Api
from tests.support.servers import Database
from tests.support.waiting import eventually


async def found(api: Api, query: str, subject: str = "ops", role: str = "ops") -> list[str | None]:
    response = await api.get(f"/v1/customers?{query}", subject, role)
    assert response.status_code == 200, response.text
    return sorted(item["name"] or "" for item in response.json()["items"])


async def level(api: Api) -> None:
    """Wait until the list has caught up with the log."""

    async def caught_up() -> bool:
        head = await api.pool.fetchval("SELECT position FROM store_head")
        token_list = await api.pool.fetchval("SELECT position FROM consumer_position WHERE consumer = 'customer-list'")
        return bool(head == token_list)

    await eventually(caught_up)


async def three(api: Api) -> tuple[str, str, str]:
    first = await api.registered(name="上海腾云科技", owner_id="E1", profile={"region": "华东"}, tier={"tier": "vip"})
    second = await api.registered(name="北京腾达", profile={"region": "华北"})
    person = await api.post("/v1/customers", {"kind": "person", "person_name": "吴敏", "owner_id": "E2"})
    contact = {"name": "李敏", "phone": "138 0013 8000"}
    assert (await api.post(f"{first}/key-contacts", contact)).is_success
    await level(api)
    return first, second, person.headers["location"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=腾", ["上海腾云科技", "北京腾达"]),
        ("q=腾云", ["上海腾云科技"]),
        ("q=tengda", ["北京腾达"]),
        ("q=shty", ["上海腾云科技"]),
        ("q=8000", ["上海腾云科技"]),
        ("q=吴敏", ["吴敏"]),
        ("q=wumin", ["吴敏"]),
        ("q=吴", []),
        ("q=腾&region=华北", ["北京腾达"]),
        ("q=teng&tier=vip", ["上海腾云科技"]),
        ("q=腾&ownerless=true", ["北京腾达"]),
        ("q=腾&ownerless=false", ["上海腾云科技"]),
        ("q=腾&owner_id=E2", []),
        ("name=北京", ["北京腾达"]),
        ("name=北", ["北京腾达"]),
        ("name=A", []),
        ("name=A&ownerless=false", []),
        ("stage=new", ["上海腾云科技", "北京腾达", "吴敏"]),
    ],
)
async def test_customers_are_found(api: Api, query: str, names: list[str]) -> None:
    await three(api)
    assert await found(api, query) == names


async def test_sellers_find_their_own_customers_and_phones_need_permission(api: Api) -> None:
    await three(api)
    assert await found(api, "q=腾", "E1", "sales") == ["上海腾云科技"]
    assert await found(api, "q=8000", "E1", "sales") == ["上海腾云科技"]
    assert await found(api, "q=8000", "E2", "sales") == []
    assert await found(api, "q=8000", "E9", "finance") == []
    assert await found(api, "q=腾云", "E9", "finance") == ["上海腾云科技"]


async def test_what_is_known_no_longer_is_found_no_longer(api: Api) -> None:
    first, _, _ = await three(api)
    contact = (await api.get(first)).json()["key_contacts"][0]["id"]
    changed = {"name": "李敏", "phone": "139 0013 9111"}
    headers = api.issuer.headers("ops", "ops")
    await api.client.put(f"{first}/key-contacts/{contact}", json=changed, headers=headers)
    await level(api)
    assert await found(api, "q=8000") == []
    assert await found(api, "q=9111") == ["上海腾云科技"]
    await api.client.delete(f"{first}/key-contacts/{contact}", headers=headers)
    await level(api)
    assert await found(api, "q=9111") == []


async def test_an_erased_customer_is_no_longer_found(api: Api) -> None:
    first, _, person = await three(api)
    for address in (first, person):
        assert (await api.post(f"{address}/erasure", {"reason": "asked-for"}, role="admin")).is_success
    await level(api)
    assert [await found(api, asked) for asked in ("q=吴敏", "q=wumin", "q=8000")] == [[], [], []]
    assert await found(api, "q=腾云") == ["上海腾云科技"], "a company's name stays"


async def test_the_index_holds_no_word_of_a_person(api: Api) -> None:
    await three(api)
    rows = [str(dict(row)) for row in await api.pool.fetch("SELECT * FROM customer_search")]
    assert len(rows) == 3
    assert not [word for word in ("吴敏", "wumin", "李敏", "13800138000", "8000'") if word in "".join(rows)]


# Each way alone, and each given up for another: a limit of one is met by every query here.
TRIED = (
    [Attempt(Method.FIND)],
    [Attempt(Method.WALK)],
    [Attempt(Method.FIND, 1), Attempt(Method.WALK, 1), Attempt(Method.FIND)],
    [Attempt(Method.WALK, 1), Attempt(Method.FIND)],
    [Attempt(Method.FIND, 100), Attempt(Method.WALK)],
    [Attempt(Method.WALK, 5), Attempt(Method.FIND)],
)


@pytest.mark.parametrize("attempts", TRIED, ids=str)
async def test_pages_follow_one_another_whichever_ways_are_tried(
    api: Api, monkeypatch: pytest.MonkeyPatch, attempts: list[Attempt]
) -> None:
    for number in range(7):
        await api.registered(name=f"上海腾云{number}")
    await level(api)
    whole = [item["id"] for item in (await api.get("/v1/customers?q=腾云")).json()["items"]]
    assert len(whole) == 7
    monkeypatch.setattr("services.customer.search.index.attempts_of", lambda *_: attempts)
    for query in ("q=腾云", "q=tengyun", "stage=new", "name=上海"):
        page = (await api.get(f"/v1/customers?{query}&limit=3")).json()
        ids = [item["id"] for item in page["items"]]
        while page["has_more"]:
            page = (await api.get(f"/v1/customers?{query}&limit=3&cursor={page['next_cursor']}")).json()
            ids += [item["id"] for item in page["items"]]
        assert ids == whole == sorted(whole, key=UUID)
    refused = await api.get(f"/v1/customers?q=腾&cursor={(await first_page(api))['next_cursor']}")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid-cursor")


async def first_page(api: Api) -> dict[str, Any]:
    page: dict[str, Any] = (await api.get("/v1/customers?q=腾云&limit=3")).json()
    return page


async def test_a_question_that_every_name_would_answer_is_refused(api: Api) -> None:
    refused = await api.get("/v1/customers?q=a", accept_language="zh-CN")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "query:q")
    assert "汉字" in refused.json()["detail"]
    assert (await api.get("/v1/customers?q=%25_!")).status_code == 422


async def test_a_census_is_what_the_database_has_analysed(api: Api, database: Database) -> None:
    await three(api)
    pseudonyms = api.service.app.state.dependencies.pseudonyms
    assert await Search(api.pool, pseudonyms)._current_statistics() == TokenStatistics()
    owner = await asyncpg.connect(database.admin)
    await owner.execute("ANALYZE customer_search")
    await owner.close()
    statistics = await Search(api.pool, pseudonyms)._current_statistics()
    assert (statistics.customers, statistics.share(pseudonyms.token("stage", "new"))) == (3, 1)


@pytest.mark.parametrize("way", list(Method))
async def test_matches_are_counted_up_to_a_limit(api: Api, monkeypatch: pytest.MonkeyPatch, way: Method) -> None:
    await three(api)
    monkeypatch.setattr("services.customer.search.index.count_method", lambda *_: way)
    search = Search(api.pool, api.service.app.state.dependencies.pseudonyms)
    assert [await search.count(CustomerFilters("腾"), most) for most in (10, 1)] == [2, 1]


async def test_a_name_is_found_by_its_first_letter(api: Api) -> None:
    await api.registered(name="Acme")
    await api.registered(name="Beta")
    await level(api)
    assert await found(api, "name=a") == ["Acme"]

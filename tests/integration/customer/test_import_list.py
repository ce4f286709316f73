"""The list of imports: newest first, in pages, by status and by kind."""

import pytest

from chassis.files.turns import Turns
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_imports import finished, send

CUSTOMERS = "客户编号,客户名称\nKH-1,上海腾云\n".encode()
ORDERS = "订单编号,客户编号,金额,下单日期\nSO-1,KH-1,1,2024-06-01\n".encode()


async def listed(api: Api, query: str = "") -> list[str]:
    response = await api.get(f"/v1/imports{query}")
    assert response.status_code == 200, response.text
    return [each["id"] for each in response.json()["items"]]


async def test_the_newest_import_comes_first_and_pages_follow(api: Api) -> None:
    sent = [await finished(api, await send(api, CUSTOMERS)) for _ in range(3)]
    newest = [each["id"] for each in reversed(sent)]
    assert await listed(api) == newest
    first = (await api.get("/v1/imports?limit=2")).json()
    assert [each["id"] for each in first["items"]] == newest[:2]
    assert first["items"][0] == sent[2]
    assert await listed(api, f"?limit=2&cursor={first['next_cursor']}") == newest[2:]


async def test_imports_are_found_by_status_and_by_kind(api: Api) -> None:
    customers = await finished(api, await send(api, CUSTOMERS))
    orders = await finished(api, await send(api, ORDERS, query="?kind=orders"))
    assert await listed(api, "?kind=orders") == [orders["id"]]
    assert await listed(api, "?kind=customers&status=succeeded") == [customers["id"]]
    assert await listed(api, "?status=running") == []
    await api.pool.execute("UPDATE import_batch SET kind = '' WHERE id = $1", customers["id"])
    assert await listed(api, "?kind=customers") == [customers["id"]]


@pytest.mark.parametrize("query", ["?status=done", "?kind=invoices"])
async def test_an_unknown_filter_is_refused(api: Api, query: str) -> None:
    assert (await api.get(f"/v1/imports{query}")).status_code == 422


async def test_an_import_that_an_older_process_accepted_waits(api: Api) -> None:
    batch_id = await api.pool.fetchval(
        "INSERT INTO import_batch (id, created_by, rows, leased_until)"
        " VALUES (gen_random_uuid(), 'E1', 2, clock_timestamp() + interval '10 seconds') RETURNING id::text"
    )
    [shown] = (await api.get("/v1/imports?status=pending")).json()["items"]
    assert (shown["id"], shown["counts"]) == (batch_id, {"waiting": 2})
    assert await Turns(api.pool).next() is None

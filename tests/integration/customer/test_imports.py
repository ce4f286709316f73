"""Imports of a company's own spreadsheet: good rows are imported, others are reported by row and column."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from chassis.files import results_api
from chassis.files.formats import CSV_TYPE, XLSX_TYPE
from chassis.files.retention import RESULT_RETENTION, delete_expired_rows
from tests.integration.customer.conftest import Api
from tests.support.guides import examples
from tests.support.waiting import eventually

GOOD_AND_BAD = """客户编号,客户名称,客户分层,负责人,最近沟通时间,跟进状态
KH-1,上海腾云,VIP,李强,2024-06-01,已报价
KH-2,北京新创,钻石,李强,2024-06-01,已报价
KH-3,深圳远航,普通,王敏,昨天,已完成
,,,,,
KH-5,广州明珠,成长型,王敏,2024-05-20,已完成
"""


async def send(
    api: Api, content: bytes, content_type: str = CSV_TYPE, role: str = "ops", query: str = ""
) -> httpx.Response:
    headers = api.issuer.headers("ops", role, content_type=content_type)
    return await api.client.post(f"/v1/imports{query}", content=content, headers=headers)


async def finished(api: Api, response: httpx.Response) -> dict[str, Any]:
    """Wait for the import that was accepted and return how it went."""
    assert response.status_code == 202, response.text
    address = response.headers["location"]

    async def has_ended() -> bool:
        return bool((await api.get(address)).json()["status"] == "succeeded")

    await eventually(has_ended)
    found: dict[str, Any] = (await api.get(address)).json()
    return found


async def rows_of(api: Api, batch: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.get(f"/v1/imports/{batch['id']}/rows{query}")).json()["items"]
    return found


async def test_good_rows_go_in_and_bad_rows_are_named(api: Api) -> None:
    batch = await finished(api, await send(api, GOOD_AND_BAD.encode()))
    assert batch["counts"] == {"created": 2, "failed": 2}
    failed = await rows_of(api, batch, "?outcome=failed")
    assert [(row["row"], row["problem"]["column"]) for row in failed] == [(3, "客户分层"), (4, "最近沟通时间")]
    assert all(row["problem"]["detail"] and row["problem"]["detail_zh"] for row in failed)
    await api.listed(2)
    names = {row["name"] for row in (await api.get("/v1/customers")).json()["items"]}
    assert names == {"上海腾云", "广州明珠"}


async def test_the_example_files_of_the_chinese_guide_go_in(api: Api) -> None:
    customers, orders, contracts, _ = examples("zh/导入.md", "csv")
    for content, query, rows in ((customers, "", 3), (orders, "?kind=orders", 2), (contracts, "?kind=contracts", 2)):
        batch = await finished(api, await send(api, content.encode(), query=query))
        assert batch["counts"] == {"created": rows}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
async def test_what_a_chinese_spreadsheet_saves_is_read(api: Api, encoding: str) -> None:
    batch = await finished(api, await send(api, GOOD_AND_BAD.encode(encoding)))
    assert batch["counts"]["created"] == 2


async def test_the_same_file_again_changes_nothing(api: Api) -> None:
    await finished(api, await send(api, GOOD_AND_BAD.encode()))
    before = await api.pool.fetchval("SELECT count(*) FROM event")
    batch = await finished(api, await send(api, GOOD_AND_BAD.encode()))
    assert batch["counts"] == {"unchanged": 2, "failed": 2}
    assert await api.pool.fetchval("SELECT count(*) FROM event") == before


async def test_the_cells_of_a_row_are_deleted_once_it_is_done(api: Api) -> None:
    batch = await finished(api, await send(api, GOOD_AND_BAD.encode()))
    kept = await api.pool.fetch("SELECT cells FROM import_row")
    assert [row["cells"] for row in kept] == [{}] * batch["rows"]


async def test_the_idempotency_keys_of_rows_expire(api: Api) -> None:
    await finished(api, await send(api, GOOD_AND_BAD.encode()))
    keys = await api.pool.fetch("SELECT expires_on::text AS day FROM idempotency WHERE key LIKE 'import|%'")
    assert keys
    assert "infinity" not in {row["day"] for row in keys}


async def test_the_counts_of_an_import_outlive_the_results_of_its_rows(api: Api) -> None:
    batch = await finished(api, await send(api, GOOD_AND_BAD.encode()))
    address = f"/v1/imports/{batch['id']}"
    assert batch["rows_kept_until"] > batch["ended_at"]
    await api.pool.execute("UPDATE import_batch SET ended_at = ended_at - $1::interval", RESULT_RETENTION)
    assert (await api.get(f"{address}/rows")).status_code == 200
    assert await delete_expired_rows(api.pool)
    for path in ("/rows", "/rows.csv"):
        gone = await api.get(address + path)
        assert (gone.status_code, gone.json()["code"]) == (410, "gone")
    assert (await api.get(address)).json()["counts"] == batch["counts"]


async def test_an_unknown_import_has_no_results(api: Api) -> None:
    address = f"/v1/imports/{uuid4()}"
    answers = [(await api.get(f"{address}{path}")).status_code for path in ("", "/rows", "/rows.csv")]
    assert answers == [404, 404, 404]


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (b"", CSV_TYPE, 422, "validation-failed"),
        ("客户编号,电话\n1,2\n".encode(), CSV_TYPE, 422, "validation-failed"),
        (b"\xff\xfe\x00\x01", CSV_TYPE, 422, "validation-failed"),
        (b"PK\x03\x04 no workbook", XLSX_TYPE, 422, "validation-failed"),
        (b"{}", "application/json", 415, "unsupported-type"),
        (b"%PDF-1.7", "application/pdf", 415, "unsupported-type"),
    ],
)
async def test_an_unreadable_file_is_a_problem_that_says_why(
    api: Api, content: bytes, content_type: str, status: int, code: str
) -> None:
    response = await send(api, content, content_type)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["errors"][0]["rule"]
    assert await api.pool.fetchval("SELECT count(*) FROM import_batch") == 0


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ufffe", "\U0010ffff"])
async def test_a_cell_that_cannot_be_stored_does_not_stop_the_others(api: Api, character: str) -> None:
    response = await send(api, f"客户名称\n上海{character}腾云\n北京新创\n".encode())
    assert response.status_code < 500
    if response.status_code == 202:
        assert (await finished(api, response))["counts"] == {"created": 1, "failed": 1}


@pytest.mark.parametrize("role", ["sales", "service", "finance"])
async def test_a_file_is_not_for_everybody(api: Api, role: str) -> None:
    assert (await send(api, GOOD_AND_BAD.encode(), role=role)).status_code == 403


async def test_the_result_can_be_opened_in_a_spreadsheet_without_harm(api: Api) -> None:
    batch = await finished(api, await send(api, "客户名称,客户分层\n=1+1,=cmd|' /C calc'!A0\n".encode()))
    response = await api.get(f"/v1/imports/{batch['id']}/rows.csv")
    assert response.content.startswith(b"\xef\xbb\xbf")
    cells = [cell for line in response.text.splitlines() for cell in line.split(",")]
    assert not any(cell.lstrip('"').startswith(("=", "+", "-", "@")) for cell in cells)


async def test_a_result_of_several_parts_has_each_row_once_and_in_order(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results_api, "ROWS_OF_A_PART", 2)
    rows = "".join(f"KH-{number},公司{number}\n" for number in range(1, 6))
    batch = await finished(api, await send(api, f"客户编号,客户名称\n{rows}".encode()))

    written = (await api.get(f"/v1/imports/{batch['id']}/rows.csv")).content.decode("utf-8-sig").splitlines()

    assert [line.split(",")[1] for line in written[1:]] == ["created"] * 5
    numbers = [int(line.split(",")[0]) for line in written[1:]]
    assert numbers == sorted(set(numbers))


CUSTOMERS = "客户编号,客户名称\nKH-1,上海腾云\n,北京新创\n"
ORDERS = """订单编号,客户编号,客户名称,金额,下单日期,交付日期
SO-1,KH-1,,"12,800.50",2024-06-01,2024-06-08
SO-2,,北京新创,900,2024-06-02,
SO-3,KH-9,,900,2024-06-02,
SO-4,,上海腾云,viel,2024-06-02,
SO-5,,上海腾云,100,2024-06-02,
"""
CONTRACTS = """合同编号,客户编号,金额,签订日期,开始日期,结束日期,续签意向
HT-1,KH-1,98000,2024-06-01,2024-06-01,2025-05-31,是
"""


async def test_orders_and_contracts_come_in_files_too_and_once(api: Api) -> None:
    await finished(api, await send(api, CUSTOMERS.encode()))
    await api.listed(2)
    orders = await finished(api, await send(api, ORDERS.encode(), query="?kind=orders"))
    assert (orders["kind"], orders["counts"]) == ("orders", {"created": 3, "failed": 2})
    failed = await rows_of(api, orders, "?outcome=failed")
    assert [(row["row"], row["problem"]["code"]) for row in failed] == [(4, "customer-unknown"), (5, "not-an-amount")]
    contracts = await finished(api, await send(api, CONTRACTS.encode(), query="?kind=contracts"))
    assert contracts["counts"] == {"created": 1}
    before = await api.pool.fetchval("SELECT count(*) FROM event")
    again = await finished(api, await send(api, ORDERS.encode(), query="?kind=orders"))
    assert again["counts"] == {"unchanged": 3, "failed": 2}
    again = await finished(api, await send(api, CONTRACTS.encode(), query="?kind=contracts"))
    assert again["counts"] == {"unchanged": 1}
    assert await api.pool.fetchval("SELECT count(*) FROM event") == before


async def test_an_order_in_a_file_says_from_which_row_it_came(api: Api) -> None:
    await finished(api, await send(api, CUSTOMERS.encode()))
    await finished(api, await send(api, ORDERS.encode(), query="?kind=orders"))
    (row, *_) = await rows_of(api, await finished(api, await send(api, ORDERS.encode(), query="?kind=orders")))
    entries = (await api.get(f"/v1/customers/{row['id']}/events")).json()["items"]
    types = [entry["type"] for entry in entries if entry["batch_row"] == row["row"] and "order-" in entry["type"]]
    assert types == ["care.customer.order-placed.v1", "care.customer.order-delivered.v1"]


async def test_an_unknown_kind_of_file_is_reported(api: Api) -> None:
    response = await send(api, ORDERS.encode(), query="?kind=invoices")
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "query:kind")
    assert "orders" in response.json()["detail"]


async def test_a_value_that_does_not_fit_is_named_by_its_header_in_both_languages(api: Api) -> None:
    content = f"客户编号,客户名称,地区\nKH-1,{'长' * 201},华东\nKH-2,北京新创,{'东' * 65}\nKH-3,,华东\n"
    failed = await rows_of(api, await finished(api, await send(api, content.encode())), "?outcome=failed")
    told = [(row["problem"]["column"], row["problem"]["detail"], row["problem"]["detail_zh"]) for row in failed]
    assert told == [
        ("客户名称", "Must have at most 200 characters.", "最多 200 个字符。"),
        ("地区", "Must have at most 64 characters.", "最多 64 个字符。"),
        ("客户名称", "A row requires a customer name.", "缺少客户名称。"),
    ]


async def test_rows_with_the_same_key_are_imported_in_file_order(api: Api) -> None:
    await finished(api, await send(api, CUSTOMERS.encode()))
    rows = "".join(f"SO-{number % 3},KH-1,{100 + number},2024-06-01\n" for number in range(60))
    batch = await finished(
        api, await send(api, f"订单编号,客户编号,金额,下单日期\n{rows}".encode(), query="?kind=orders")
    )
    assert batch["counts"] == {"created": 3, "failed": 57}
    created = await rows_of(api, batch, "?outcome=created")
    assert [row["row"] for row in created] == [2, 3, 4]


async def test_a_file_that_cannot_be_read_is_refused_in_the_language_asked_for(api: Api) -> None:
    headers = api.issuer.headers("ops", "ops", content_type=CSV_TYPE, accept_language="zh-CN")
    response = await api.client.post("/v1/imports", content="名字\n上海腾云\n".encode(), headers=headers)
    (error,) = response.json()["errors"]
    assert response.json()["detail"] == error["detail"] == "缺少列“客户名称”。已查找：第 1 至 2 行。"


async def test_a_row_about_an_erased_customer_fails_like_a_request_with_410(api: Api) -> None:
    await finished(api, await send(api, GOOD_AND_BAD.encode()))
    await api.listed(2)
    for customer in (await api.get("/v1/customers")).json()["items"]:
        await api.post(f"/v1/customers/{customer['id']}/erasure", {"reason": "asked-by-person"})
    batch = await finished(api, await send(api, GOOD_AND_BAD.encode()))
    refused = [row for row in await rows_of(api, batch) if row["problem"]["code"] == "customer-erased"]
    assert [row["status"] for row in refused] == [410, 410]

"""Cases 10, 28 and 32 to 35: what an import does with the rows of a file, and what it says about them."""

import csv
import io
from typing import Any

import pytest

from chassis.files.formats import CSV_TYPE, XLSX_TYPE
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_imports import finished, rows_of, send
from tests.support.tables import rows as table_rows
from tests.support.tables import workbook

ORDERS = "订单编号,客户编号,客户名称,金额,下单日期\n"


async def imported(api: Api, text: str, query: str = "") -> tuple[dict[str, Any], list[dict[str, Any]]]:
    batch = await finished(api, await send(api, text.encode(), query=query))
    return batch, await rows_of(api, batch)


def problems(rows: list[dict[str, Any]]) -> list[tuple[str, str] | None]:
    return [row["problem"] and (row["problem"]["column"], row["problem"]["code"]) for row in rows]


async def test_10_a_row_with_an_error_fails_and_the_others_are_imported(api: Api) -> None:
    batch, rows = await imported(api, "客户编号,客户名称\n#N/A,上海腾云\nKH-2,北京新创\n")
    assert batch["counts"] == {"created": 1, "failed": 1}
    assert problems(rows) == [("客户编号", "cell-error"), None]
    assert rows[0]["status"] == 422
    assert [row["cells"] for row in await api.pool.fetch("SELECT cells FROM import_row")] == [{}, {}]


async def test_28_a_rule_names_the_column_that_it_speaks_of(api: Api) -> None:
    await imported(api, "客户编号,客户名称,生命周期阶段\nKH-1,上海腾云,老客户\n")
    _, rows = await imported(api, "客户编号,客户名称,生命周期阶段\nKH-1,上海腾云,新客户\n")
    assert problems(rows) == [("生命周期阶段", "illegal-transition")]


async def test_28_a_stage_that_follows_from_the_status_names_the_status(api: Api) -> None:
    await imported(api, "客户编号,客户名称,生命周期阶段\nKH-1,上海腾云,老客户\n")
    _, rows = await imported(api, "客户编号,客户名称,跟进状态\nKH-1,上海腾云,已报价\n")
    assert problems(rows) == [("跟进状态", "illegal-transition")]


async def test_28_a_rule_of_an_order_names_its_column(api: Api) -> None:
    await imported(api, "客户编号,客户名称\nKH-1,上海腾云\nKH-2,北京新创\n")
    await imported(api, f"{ORDERS}SO-1,KH-1,,100,2024-06-01\n", "?kind=orders")
    lines = "SO-1,KH-1,,200,2024-06-01\nSO-1,KH-2,,100,2024-06-01\nSO-2,KH-1,,100,2099-06-01\nSO-3,KH-9,,1,2024-06-01\n"
    _, rows = await imported(api, f"{ORDERS}{lines}", "?kind=orders")
    assert problems(rows) == [
        ("金额", "order-differs"),
        ("订单编号", "order-of-another-customer"),
        ("下单日期", "occurred-in-future"),
        ("客户编号", "customer-unknown"),
    ]


async def test_28_a_number_that_does_not_fit_names_its_column(api: Api) -> None:
    _, rows = await imported(api, f"客户编号,客户名称\n{'9' * 65},上海腾云\n")
    assert problems(rows) == [("客户编号", "string_too_long")]


async def test_32_a_column_that_is_not_used_is_named_in_the_answer_the_status_and_the_rows(api: Api) -> None:
    response = await send(api, "客户名称,跟进状态(必填),电话\n上海腾云,已报价,1\n".encode())
    [note] = response.json()["notes"]
    assert (note["code"], note["column"]) == ("unused-column", "电话")
    assert note["detail"] != note["detail_zh"]
    batch = await finished(api, response)
    assert batch["notes"] == [note]
    written = (await api.get(f"/v1/imports/{batch['id']}/rows.csv")).content.decode("utf-8-sig")
    [_, told, row] = csv.reader(io.StringIO(written))
    assert (told[1], told[4]) == ("note", "电话")
    assert row[1] == "created"


async def test_33_a_totals_row_becomes_no_company(api: Api) -> None:
    _, rows = await imported(api, "客户名称,客户编号,负责人\n上海腾云,KH-1,李强\n合计,1,\n制表人：王敏,,\n")
    assert problems(rows) == [None, ("客户名称", "totals-row"), ("客户名称", "signature-row")]


@pytest.mark.parametrize(
    ("header", "cell", "query"),
    [("", "", "&system=erp"), (",来源系统", ",erp", ""), (",来源系统", ",erp", "&system=crm")],
)
async def test_34_a_file_names_the_system_of_its_numbers(api: Api, header: str, cell: str, query: str) -> None:
    await api.registered(name="上海腾云", external={"system": "erp", "id": "K-1"})
    _, [customer] = await imported(api, f"客户编号,客户名称{header}\nK-1,上海腾云{cell}\n", f"?kind=customers{query}")
    line = f"{ORDERS.strip()}{header}\nSO-1,K-1,,100,2024-06-01{cell}\n"
    _, [first] = await imported(api, line, f"?kind=orders{query}")
    order = {"external": {"system": "erp", "id": "SO-1"}, "amount_minor": 10_000, "currency": "CNY"}
    again = await api.post(f"/v1/customers/{first['id']}/orders", order)
    assert (customer["outcome"], first["outcome"], again.status_code) == ("unchanged", "created", 200)
    assert await api.pool.fetchval("SELECT count(*) FROM event WHERE type LIKE '%.registered.v1'") == 1


async def test_34_without_a_system_a_file_has_numbers_of_its_own(api: Api) -> None:
    await api.registered(name="上海腾云", external={"system": "erp", "id": "K-1"})
    _, [row] = await imported(api, "客户编号,客户名称\nK-1,上海腾云\n")
    assert row["outcome"] == "created"


async def test_34_a_system_that_is_no_code_is_refused(api: Api) -> None:
    response = await send(api, "客户名称\nA\n".encode(), query="?system=ERP%20X")
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "query:system")
    _, rows = await imported(api, "客户编号,客户名称,来源系统\nK-1,A,Our ERP\n")
    assert problems(rows) == [("来源系统", "string_pattern_mismatch")]


async def test_35_a_number_of_a_company_of_another_name_changes_nothing(api: Api) -> None:
    await imported(api, "客户编号,客户名称,地区\nKH-1,上海腾云,华东\n")
    before = await api.pool.fetchval("SELECT count(*) FROM event")
    _, rows = await imported(api, "客户编号,客户名称,地区\nKH-1,北京新创,华北\n")
    assert problems(rows) == [("客户名称", "name-differs")]
    _, rows = await imported(api, f"{ORDERS}SO-1,KH-1,北京新创,100,2024-06-01\n", "?kind=orders")
    assert problems(rows) == [("客户名称", "name-differs")]
    assert await api.pool.fetchval("SELECT count(*) FROM event") == before


async def test_35_another_spelling_or_a_renaming_is_the_same_company(api: Api) -> None:
    _, [created] = await imported(api, "客户编号,客户名称,地区\nKH-1,腾云（集团）,华东\n")
    _, [spelled] = await imported(api, "客户编号,客户名称,地区\nKH-1,腾云(集团),华北\n")
    assert spelled["outcome"] == "changed"
    renamed = await api.post(f"/v1/customers/{created['id']}/name", {"name": "北京新创"})
    assert renamed.status_code == 200
    _, [row] = await imported(api, "客户编号,客户名称,地区\nKH-1,北京新创,华中\n")
    assert row["outcome"] == "changed"


async def test_15_the_sender_chooses_the_sheet(api: Api) -> None:
    content = workbook(
        ("客户", table_rows(["客户名称"], ["上海腾云"])), ("旧 & new", table_rows(["name"], ["北京新创"]))
    )
    batch = await finished(api, await send(api, content, XLSX_TYPE, query="?sheet=%E6%97%A7%20%26%20new"))
    assert (batch["sheet"], batch["counts"]) == ("旧 & new", {"created": 1})
    await api.listed(1)
    assert await api.pool.fetchval("SELECT name FROM customer") == "北京新创"


@pytest.mark.parametrize(
    ("content_type", "sheet", "rule"),
    [(XLSX_TYPE, "客户2", "unknown-sheet"), (CSV_TYPE, "客户", "sheet-of-text"), (XLSX_TYPE, "a%00", None)],
)
async def test_15_a_sheet_that_cannot_be_chosen_is_refused_by_the_parameter(
    api: Api, content_type: str, sheet: str, rule: str | None
) -> None:
    is_text = content_type == CSV_TYPE
    content = "客户名称\nA\n".encode() if is_text else workbook(("客户", table_rows(["客户名称"], ["A"])))
    response = await send(api, content, content_type, query=f"?sheet={sheet}")
    [error] = response.json()["errors"]
    assert (response.status_code, error["pointer"]) == (422, "query:sheet")
    assert rule in {None, error["rule"]}
    assert await api.pool.fetchval("SELECT count(*) FROM import_batch") == 0

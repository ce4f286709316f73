"""Case 41: failed rows are downloaded, corrected and sent again. Their cells are kept for a limited time."""

import csv
import io
from typing import Any

import pytest

from chassis.files.export import write_csv
from chassis.files.formats import XLSX_TYPE
from chassis.files.header import RESULT_COLUMNS
from chassis.files.kept_cells import CELLS_RETENTION, CLEARED_ROWS, clear_expired_cells, delete_expired_keys
from chassis.files.spreadsheet import open_table
from services.customer.imports.customer_columns import COLUMNS
from tests.integration.customer.conftest import Api
from tests.integration.customer.test_imports import finished, rows_of, send
from tests.support.guides import examples
from tests.unit.chassis.test_spreadsheet import book_of

FILE = """客户清单
*客户编号,客户名称（必填）,客户分层,电话,最近沟通时间
KH-1,上海腾云,VIP,13900000001,2024-06-01
="0002",北京新创,钻石,13900000002,2024/6/1
KH-3,深圳远航,普通,,昨天
合计,3,,,
"""
HEADER = ["*客户编号", "客户名称（必填）", "客户分层", "电话", "最近沟通时间"]
ERASED_KEYS = "SELECT count(*) FROM erased_import_key"
KEPT = "SELECT number, original FROM import_row WHERE original IS NOT NULL ORDER BY number"


async def imported(api: Api, content: str) -> dict[str, Any]:
    return await finished(api, await send(api, content.encode()))


async def failed_file(api: Api, batch: dict[str, Any]) -> str:
    response = await api.get(f"/v1/imports/{batch['id']}/rows.csv?outcome=failed")
    assert response.status_code == 200, response.text
    return response.content.decode("utf-8-sig")


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


async def test_41_failed_rows_are_downloaded_as_they_were_sent_and_sent_again_after_correction(api: Api) -> None:
    batch = await imported(api, FILE)
    assert batch["counts"] == {"created": 1, "failed": 3}
    text = await failed_file(api, batch)
    header, *rows = cells(text)
    assert header == [*HEADER, *RESULT_COLUMNS]
    assert [row[:6] for row in rows] == [
        ['\'="0002"', "北京新创", "钻石", "13900000002", "2024/6/1", "4"],
        ["KH-3", "深圳远航", "普通", "", "昨天", "5"],
        ["合计", "3", "", "", "", "6"],
    ]
    assert [row[6:8] for row in rows] == [
        ["客户分层", "unknown-word"],
        ["最近沟通时间", "not-a-date"],
        ["*客户编号", "totals-row"],
    ]
    again = await imported(api, text.replace("钻石", "VIP").replace("昨天", "2024-06-02"))
    assert again["counts"] == {"created": 2, "failed": 1}
    assert [note["column"] for note in again["notes"] if note["code"] == "unused-column"] == ["电话"]
    [totals] = await rows_of(api, again, "?outcome=failed")
    assert totals["problem"]["code"] == "totals-row"


async def test_41_the_file_of_failed_rows_is_the_example_of_the_guide(api: Api) -> None:
    [example] = examples("import.md", "csv")
    batch = await imported(api, "客户名称,客户分层,备注\n上海腾云,VIP,\n北京新创,钻石,老客户介绍\n")
    assert cells(await failed_file(api, batch)) == cells(example)
    again = await imported(api, example.replace("钻石", "VIP"))
    assert again["counts"] == {"created": 1}


async def test_41_a_row_that_fails_twice_has_each_column_once(api: Api) -> None:
    text = await failed_file(api, await imported(api, FILE))
    header, *rows = cells(await failed_file(api, await imported(api, text)))
    assert header == [*HEADER, *RESULT_COLUMNS]
    assert [row[:2] for row in rows] == [['\'="0002"', "北京新创"], ["KH-3", "深圳远航"], ["合计", "3"]]
    assert [row[5] for row in rows] == ["2", "3", "4"]


async def test_41_a_row_with_a_name_only_stays_one_when_it_is_sent_again(api: Api) -> None:
    lines = "".join(f"KH-{number},公司{number},普通\n" for number in range(3))
    batch = await imported(api, f"客户编号,客户名称,客户分层\n{lines},说明,\n")
    again = await imported(api, await failed_file(api, batch) + lines)
    [row] = await rows_of(api, again, "?outcome=failed")
    assert row["problem"]["code"] == "nothing-but-a-name"


async def test_41_the_failed_rows_of_a_workbook_are_sent_again_as_csv(api: Api) -> None:
    batch = await finished(api, await send(api, book_of(["name", "tier"], ["A", "gold"]), XLSX_TYPE))
    again = await imported(api, (await failed_file(api, batch)).replace("gold", "vip"))
    assert (again["counts"], again["notes"]) == ({"created": 1}, [])


def test_41_the_number_of_a_day_is_kept_as_the_day() -> None:
    content = write_csv(["客户名称", "最近沟通时间", "客户分层"], [["A", "45444", "gold"]])
    [row] = open_table(content, "text/csv", COLUMNS).rows()
    assert row.original == ["A", "2024-06-01", "gold"]


async def test_41_other_results_are_downloaded_by_outcome(api: Api) -> None:
    batch = await imported(api, FILE)
    text = (await api.get(f"/v1/imports/{batch['id']}/rows.csv?outcome=created")).content.decode("utf-8-sig")
    assert [row[0] for row in cells(text) if row[1] == "created"] == ["3"]
    assert not [row for row in cells(text) if row[1] == "failed"]


async def test_41_only_failed_rows_keep_their_cells(api: Api) -> None:
    await imported(api, FILE)
    assert [row["number"] for row in await api.pool.fetch(KEPT)] == [4, 5, 6]


async def test_41_cells_are_kept_for_a_limited_time(api: Api) -> None:
    rows = "".join(f"KH-{number},公司{number},钻石\n" for number in range(CLEARED_ROWS + 1))
    batch = await imported(api, f"客户编号,客户名称,客户分层\n{rows}")
    assert batch["ended_at"] < batch["cells_kept_until"] < batch["rows_kept_until"]
    await api.pool.execute("UPDATE import_batch SET ended_at = ended_at - $1::interval", CELLS_RETENTION)
    assert await clear_expired_cells(api.pool)
    assert len(await api.pool.fetch(KEPT)) == 1
    assert await clear_expired_cells(api.pool)
    assert not await clear_expired_cells(api.pool)
    gone = await api.get(f"/v1/imports/{batch['id']}/rows.csv?outcome=failed")
    assert (gone.status_code, gone.json()["code"]) == (410, "gone")
    assert (await api.get(f"/v1/imports/{batch['id']}/rows.csv")).status_code == 200


@pytest.mark.parametrize(
    "line",
    [
        "KH-1,另一名称,,普通",
        ",上海腾云,2024-06-01,钻石",
        ",上海 腾云,昨天,普通",
        "KH-1,,2024-06-01,普通",
        "erp-9,甲,2024-06-01,钻石",
    ],
)
async def test_41_an_erasure_deletes_the_cells_that_name_the_customer(api: Api, line: str) -> None:
    await imported(api, "客户编号,客户名称\nKH-1,上海腾云\nKH-2,北京新创\n")
    await api.listed(2)
    [known] = [each for each in (await api.get("/v1/customers")).json()["items"] if each["name"] == "上海腾云"]
    address = f"/v1/customers/{known['id']}"
    added = await api.post(f"{address}/references", {"reference": {"system": "file", "id": "erp-9"}})
    assert added.is_success, added.text
    batch = await imported(api, f"客户编号,客户名称,最近沟通时间,客户分层\n{line}\nKH-2,北京新创,昨天,普通\n")
    assert batch["counts"] == {"failed": 2}
    assert len(await api.pool.fetch(KEPT)) == 2
    assert (await api.post(f"{address}/erasure", {"reason": "asked-by-person"})).is_success
    assert [row["original"][1] for row in await api.pool.fetch(KEPT)] == ["北京新创"]
    _, erased, _ = cells(await failed_file(api, batch))
    assert erased[:5] == ["", "", "", "", "2"]
    later = await imported(api, "客户编号,客户名称,客户分层\nKH-1,上海腾云,VIP\n")
    assert later["counts"] == {"failed": 1}
    assert len(await api.pool.fetch(KEPT)) == 1
    # As in a file that is accepted while the erasure runs: the erasure sees none of its rows.
    again = await imported(api, f"客户编号,客户名称,最近沟通时间,客户分层\n{line}\n")
    assert again["counts"] == {"failed": 1}
    assert len(await api.pool.fetch(KEPT)) == 1


async def test_41_an_erased_person_is_in_no_row_of_a_file(api: Api) -> None:
    address = await api.registered(kind="person", name=None, person_name="钱进")
    await imported(api, "客户名称,客户分层\n钱进,钻石\n")
    assert len(await api.pool.fetch(KEPT)) == 1
    assert (await api.post(f"{address}/erasure", {"reason": "asked-by-person"})).is_success
    assert not await api.pool.fetchval("SELECT bool_or(r::text LIKE '%钱进%') FROM import_row r")


async def test_41_the_ids_of_erased_customers_expire_with_the_cells(api: Api) -> None:
    address = await api.registered(kind="person", name=None, person_name="钱进")
    assert (await api.post(f"{address}/erasure", {"reason": "asked-by-person"})).is_success
    await delete_expired_keys(api.pool)
    assert await api.pool.fetchval(ERASED_KEYS)
    await api.pool.execute("UPDATE erased_import_key SET erased_at = erased_at - $1::interval", CELLS_RETENTION)
    await delete_expired_keys(api.pool)
    assert not await api.pool.fetchval(ERASED_KEYS)

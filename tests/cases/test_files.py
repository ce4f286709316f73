"""Cases 15, 27, 32, 33, 36 and 40: the tables in files: sheets, headers, records and notes."""

from typing import Any

import pytest

from chassis.files.formats import CSV_TYPE, XLSX_TYPE
from chassis.files.header import HEADER_ROWS
from chassis.files.leftovers import CELLS_OF_A_FULL_ROW
from chassis.files.notes import NAMED_ROWS
from chassis.files.refusal import UnreadableTableError
from services.customer.imports.commerce_columns import ORDER_COLUMNS
from tests.cases.tables import cells_of, customers, faults, noted, orders, refused, sheet
from tests.support.tables import read_table, rows, workbook


def test_15_the_first_visible_sheet_is_read_and_the_others_are_named() -> None:
    def hidden(page: Any, book: Any) -> None:
        rows(["客户名称"], ["旧客户"])(page, book)
        page.hide()

    def data(page: Any, book: Any) -> None:
        rows(["客户名称"], ["上海腾云"])(page, book)
        page.activate()
        page.set_first_sheet()

    table = customers(workbook(("旧数据", hidden), ("客户", data), ("其他", rows(["客户名称"], ["B"]))), XLSX_TYPE)
    assert (table.sheet, [row.cells["name"] for row in table.rows]) == ("客户", ["上海腾云"])
    assert [name for name, _ in noted(table, "unused-sheet")] == ["旧数据", "其他"]


def test_15_a_workbook_with_hidden_rows_only_is_refused() -> None:
    def hidden(page: Any, book: Any) -> None:
        rows(["客户名称"], ["旧客户"])(page, book)
        page.hide()

    content = workbook(("旧数据", hidden), ("空", lambda page, _: page.activate()))
    assert refused(content, XLSX_TYPE).code == "no-visible-sheet"


def test_15_the_header_is_found_below_a_title_and_skipped_rows_are_reported() -> None:
    table = customers("客户名单,,\n2024 年,,\n客户编号,客户名称,备注\nKH-1,上海腾云,\n")
    assert [(row.number, row.cells["name"]) for row in table.rows] == [(4, "上海腾云")]
    assert noted(table, "rows-above-header") == [("", [1, 2])]


def test_15_the_separator_is_found_below_a_title() -> None:
    title = "\n" * HEADER_ROWS + "客户名单，2024, 一\n"
    assert customers(f"{title}客户编号;客户名称\nKH-1;A,B\n").rows[0].cells["name"] == "A,B"


def test_15_a_header_is_searched_in_the_first_rows_only() -> None:
    title = "说明\n" * (HEADER_ROWS - 1)
    assert customers(f"{title}客户名称\nA\n").rows[0].cells["name"] == "A"
    assert refused(f"{title}说明\n客户名称\nA\n").code == "missing-column"
    lines = [["说明"]] * (HEADER_ROWS - 1)
    assert sheet(*lines, ["客户名称"], ["A"]).rows[0].cells["name"] == "A"
    content = workbook(("客户", rows(*lines, ["说明"], ["客户名称"], ["A"])))
    assert refused(content, XLSX_TYPE).code == "missing-column"


@pytest.mark.parametrize(
    "header",
    ["*客户名称", "客户名称*", "客户名称（必填）", "客户名称(必填)", "【必填】客户名称", "客户名称：", "＊客户名称(*)"],
)
def test_15_marks_around_a_header_are_stripped(header: str) -> None:
    assert customers(f"{header}\nA\n").rows[0].cells["name"] == "A"


@pytest.mark.parametrize(
    "declared", ["application/vnd.ms-excel", "text/plain", "text/plain; charset=gbk", XLSX_TYPE, "application/csv"]
)
def test_27_a_csv_file_is_read_whatever_a_browser_calls_it(declared: str) -> None:
    assert customers("客户名称\nA\n", declared).rows[0].cells["name"] == "A"


@pytest.mark.parametrize("declared", [CSV_TYPE, "application/vnd.ms-excel", "application/octet-stream"])
def test_27_a_workbook_is_read_whatever_a_browser_calls_it(declared: str) -> None:
    assert customers(workbook(("客户", rows(["客户名称"], ["A"]))), declared).rows[0].cells["name"] == "A"


def test_32_a_mark_around_a_header_is_understood_and_other_columns_are_named() -> None:
    table = customers("客户名称,跟进状态(必填),客户分层（选填）,电话,客户分层说明\nA,已报价,VIP,1,x\n")
    assert cells_of(table.rows[0], "work_status", "tier") == ["已报价", "VIP"]
    assert [name for name, _ in noted(table, "unused-column")] == ["电话", "客户分层说明"]


def test_32_a_unit_in_a_header_is_no_mark() -> None:
    with pytest.raises(UnreadableTableError) as caught:
        read_table("订单编号,客户编号,金额(万元),下单日期\n".encode(), CSV_TYPE, ORDER_COLUMNS)
    assert (caught.value.code, caught.value.column) == ("missing-column", "金额")
    assert orders("订单编号;客户编号;金额（元）;下单日期\nO1;C1;5;2024-06-01\n").rows[0].cells["amount"] == "5"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("合计,,,3", "totals-row"),
        (",合计：3,,", "totals-row"),
        ("Total,,,1234.50", "totals-row"),
        ("共 3 家,,,", "totals-row"),
        ("合计,3 家,,", "totals-row"),
        ("合计（共 3 家）,,,", "totals-row"),
        ("总计,12 个,¥1.5 万元,", "totals-row"),
        ("制表人：李强,,,审核：王敏", "signature-row"),
        ("审核人签字：,,,", "signature-row"),
        (",李强,,", "nothing-but-a-name"),
    ],
)
def test_33_a_row_that_is_no_record_fails_with_the_reason(line: str, code: str) -> None:
    full = "".join(f"KH-{number},公司{number},VIP,李强\n" for number in range(CELLS_OF_A_FULL_ROW))
    table = customers(f"客户编号,客户名称,客户分层,负责人\n{full}{line}\n")
    [row] = [row for row in table.rows if row.fault]
    assert row.fault
    assert (row.number, row.fault["code"]) == (CELLS_OF_A_FULL_ROW + 2, code)
    assert row.fault["detail"] != row.fault["detail_zh"]


@pytest.mark.parametrize(
    "line", ["KH-9,Total,VIP,李强", "KH-9,合计网络科技,,", "合计,三家村酒店,,", "KH-9,审核通有限公司,VIP,"]
)
def test_33_a_company_with_such_a_name_is_a_record(line: str) -> None:
    assert not faults(customers(f"客户编号,客户名称,客户分层,负责人\nKH-1,A,VIP,李强\n{line}\n"))


def test_33_a_list_of_names_only_is_read() -> None:
    assert not faults(customers("客户编号,客户名称\nKH-1,A\n,B\n,C\n"))


def test_36_merged_cells_are_filled_down_and_reported() -> None:
    def fill(page: Any, _: Any) -> None:
        page.write_row(0, 0, ["客户名称", "负责人"])
        page.write_column(1, 0, ["A", "B", "C", "D"])
        page.merge_range(1, 1, 3, 1, "李强")

    table = customers(workbook(("客户", fill)), XLSX_TYPE)
    assert [row.cells["owner"] for row in table.rows] == ["李强", "李强", "李强", ""]
    assert noted(table, "filled-down") == [("负责人", [3, 4])]


def test_36_a_merged_header_is_not_filled_into_the_rows() -> None:
    def fill(page: Any, _: Any) -> None:
        page.write_row(0, 0, ["", "备注"])
        page.merge_range(0, 0, 1, 0, "客户名称")
        page.write_row(1, 1, ["来源"])
        page.write_row(2, 0, ["A", "展会"])

    table = customers(workbook(("客户", fill)), XLSX_TYPE)
    assert [row.cells["name"] for row in table.rows] == ["", "A"]


def test_36_a_note_names_its_first_rows_and_counts_all() -> None:
    def fill(page: Any, _: Any) -> None:
        page.write_row(0, 0, ["客户名称", "负责人"])
        page.write_column(1, 0, [f"公司{number}" for number in range(NAMED_ROWS + 2)])
        page.merge_range(1, 1, NAMED_ROWS + 2, 1, "李强")

    [note] = customers(workbook(("客户", fill)), XLSX_TYPE).notes
    assert (note["rows"], note["count"]) == (list(range(3, NAMED_ROWS + 3)), NAMED_ROWS + 1)


OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "Workbook".encode("utf-16-le")
ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le")


@pytest.mark.parametrize(
    ("content", "code", "named"),
    [
        (OLD_WORKBOOK, "other-format", ".xls"),
        (ENCRYPTED, "protected-workbook", "password"),
        (b"%PDF-1.7\n", "other-format", "PDF"),
        (b"<html><table><tr><td>name</td></tr></table>", "other-format", "HTML"),
    ],
)
@pytest.mark.parametrize("declared", [XLSX_TYPE, CSV_TYPE, "application/vnd.ms-excel"])
def test_40_a_file_in_another_format_is_refused_with_its_format(
    content: bytes, code: str, named: str, declared: str
) -> None:
    error = refused(content, declared)
    assert error.code == code
    assert named in error.en
    assert error.zh != error.en


def test_40_notes_first_and_data_second_are_read() -> None:
    content = workbook(("填写说明", rows(["请勿修改表头"])), ("客户", rows(["客户名称"], ["A"])))
    table = customers(content, XLSX_TYPE)
    assert (table.sheet, [row.cells["name"] for row in table.rows]) == ("客户", ["A"])
    assert noted(table, "unused-sheet") == [("填写说明", [])]


def test_40_without_a_header_the_sheets_and_rows_that_were_searched_are_named() -> None:
    error = refused(workbook(("说明", rows(["请勿修改"])), ("数据", rows(["编号"], ["1"], ["2"]))), XLSX_TYPE)
    assert error.code == "missing-column"
    assert error.en.endswith("Searched: sheet 说明, rows 1 to 1; sheet 数据, rows 1 to 3.")
    assert error.zh.endswith("已查找：工作表“说明”第 1 至 1 行；工作表“数据”第 1 至 3 行。")

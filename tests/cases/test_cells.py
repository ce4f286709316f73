"""Cases 2, 3, 10 to 12, 14, 16 and 39: what the cells of files mean."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from chassis.files.cells import read_cell
from chassis.files.formats import CSV_TYPE, XLSX_TYPE
from chassis.files.table import MAX_CELL_CHARACTERS, CellError, Meaning
from contracts.field_error import FieldError
from contracts.money import minor_units
from services.customer.imports.commerce import currency_of, money
from services.customer.imports.commerce_columns import CONTRACT_COLUMNS, ORDER_COLUMNS
from services.followup.imports.followup_columns import COLUMNS as FOLLOWUP_COLUMNS
from tests.cases.tables import ORDER, cells_of, customers, faults, noted, orders, sheet
from tests.support.tables import read_table, rows, workbook

GIVE_UP_SECONDS = 20


@pytest.mark.parametrize("amount", ["4,25", "1,2", "12,34,567", "1,2345", "0,123", "1.234,50"])
def test_02_a_comma_that_does_not_group_three_digits_is_refused(amount: str) -> None:
    assert faults(orders(f"{ORDER}O1;C1;{amount};2024-06-01\n")) == [(2, "金额", "not-an-amount")]
    with pytest.raises(FieldError):
        minor_units(amount, "CNY")


def test_02_commas_in_groups_of_three_are_read() -> None:
    [row] = orders(f"{ORDER}O1;C1;1,234,567.80;2024-06-01\n").rows
    assert money(row.cells) == {"amount_minor": 123_456_780, "currency": "CNY"}


@pytest.mark.parametrize("column", ["客户编号", "客户名称"])
def test_03_a_number_that_lost_its_digits_fails_the_row(column: str) -> None:
    other = {"客户编号": "客户名称", "客户名称": "客户编号"}[column]
    assert faults(customers(f"{column},{other}\n1.38E+10,A\n1.38E+10,B\n")) == [
        (2, column, "digits-lost"),
        (3, column, "digits-lost"),
    ]


def test_03_a_number_of_more_digits_than_excel_keeps_fails_the_row() -> None:
    table = sheet(["客户编号", "客户名称"], [123456789012345678, "A"], [13800138000, "B"], [999999999999999, "C"])
    assert faults(table) == [(2, "客户编号", "digits-lost")]
    assert [row.cells["number"] for row in table.rows[1:]] == ["13800138000", "999999999999999"]


@pytest.mark.parametrize("error", ["#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "########"])
def test_10_an_error_in_a_cell_fails_the_row(error: str) -> None:
    assert faults(customers(f"客户编号,客户名称\n{error},A\n")) == [(2, "客户编号", "cell-error")]


@pytest.mark.parametrize(
    ("formula", "value"), [("=NA()", "#N/A"), ("=FOO()", "#NAME?"), ("=1/0", "#DIV/0!"), ("=B1", "")]
)
def test_10_an_error_or_a_missing_result_in_a_workbook_fails_the_row(formula: str, value: str) -> None:
    def fill(page: Any, _: Any) -> None:
        page.write_row(0, 0, ["客户名称", "客户编号", "备注"])
        page.write_row(1, 0, ["A"])
        page.write_formula(1, 1, formula, None, value)
        page.write_row(2, 0, ["B", "KH-2"])
        page.write_formula(2, 2, formula, None, value)

    table = customers(workbook(("客户", fill)), XLSX_TYPE)
    assert faults(table) == [(2, "客户编号", "cell-error")]
    assert cells_of(table.rows[1], "name", "number") == ["B", "KH-2"]


def test_10_an_error_is_found_in_a_table_that_does_not_start_in_the_first_cell() -> None:
    def fill(page: Any, _: Any) -> None:
        page.write_row(2, 3, ["客户名称", "客户编号", "负责人"])
        page.write_row(3, 3, ["A"])
        page.write_formula(3, 4, "=NA()", None, "#N/A")
        page.write_row(4, 3, ["B", "KH-2"])
        page.write_row(5, 3, ["C", "KH-3"])
        page.merge_range(4, 5, 5, 5, "李强")

    table = customers(workbook(("客户", fill)), XLSX_TYPE)
    assert faults(table) == [(4, "客户编号", "cell-error")]
    assert [row.cells["owner"] for row in table.rows[1:]] == ["李强", "李强"]


def test_10_a_last_row_of_formulas_without_results_is_not_dropped() -> None:
    def fill(page: Any, _: Any) -> None:
        page.write_row(0, 0, ["客户名称", "客户编号"])
        page.write_row(1, 0, ["A", "KH-1"])
        page.write_formula(3, 0, "=A2", None, "")

    assert faults(customers(workbook(("客户", fill)), XLSX_TYPE)) == [(4, "客户名称", "cell-error")]


@pytest.mark.parametrize("formula", ["=B1", "=NA()"])
def test_10_a_last_day_without_a_result_does_not_read_as_open(formula: str) -> None:
    def fill(page: Any, _: Any) -> None:
        page.write_row(0, 0, ["合同编号", "客户编号", "金额", "签订日期", "开始日期", "结束日期", "币种"])
        page.write_row(1, 0, ["HT-1", "KH-1", 100, "2024-06-01", "2024-06-01"])
        page.write_formula(1, 5, formula, None, "" if formula == "=B1" else "#N/A")

    table = read_table(workbook(("合同", fill)), XLSX_TYPE, CONTRACT_COLUMNS)
    assert faults(table) == [(2, "结束日期", "cell-error")]


def test_11_line_ends_in_a_cell_are_line_feeds() -> None:
    text = '跟进客户,跟进时间,跟进内容,负责人员,状态\nA,2024-06-01,"一\r\n二\r三",李强,已完成\n'
    [row] = read_table(text.encode(), CSV_TYPE, FOLLOWUP_COLUMNS).rows
    assert row.cells["content"] == "一\n二\n三"


@pytest.mark.parametrize("hidden", ["\u200b", "\ufeff", "\u202c", "\u202d", "\u2060", "\u00ad"])
def test_12_invisible_characters_are_removed_from_headers_and_cells_and_reported(hidden: str) -> None:
    table = customers(f"{hidden}客户{hidden}编号,客户名称{hidden}\nKH{hidden}-1{hidden},{hidden}上海{hidden}腾云\n")
    assert cells_of(table.rows[0], "number", "name") == ["KH-1", "上海腾云"]
    assert [rows for _, rows in noted(table, "hidden-characters")] == [[2], [2]]


def test_14_filling_zeros_are_part_of_a_number_in_csv_and_xlsx() -> None:
    def fill(page: Any, book: Any) -> None:
        page.write_row(0, 0, ["客户编号", "客户名称"])
        page.write_number(1, 0, 123, book.add_format({"num_format": "00000"}))
        page.write(1, 1, "A")
        page.write_number(2, 0, 123, book.add_format({"num_format": "0.00"}))
        page.write(2, 1, "B")

    filled, plain = customers(workbook(("客户", fill)), XLSX_TYPE).rows
    assert filled.cells == customers("客户编号,客户名称\n00123,A\n").rows[0].cells
    assert plain.cells["number"] == "123"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024/6/1 0:00", "2024-06-01"),
        ("2024-06-01 14:30:00", "2024-06-01T14:30:00"),
        ("2024/6/1 下午2:30", "2024-06-01T14:30:00"),
        ("2024年6月1日14时30分", "2024-06-01T14:30:00"),
        ("2024-06-01T14:30:00+08:00", "2024-06-01T14:30:00+08:00"),
        ("２０２４－０６－０１", "2024-06-01"),
        ("45444", "2024-06-01"),
        ("45444.604166667", "2024-06-01T14:30:00"),
    ],
)
def test_39_a_moment_is_read_in_each_spelling_of_spreadsheets(written: str, read: str) -> None:
    [row] = orders(f"{ORDER}O1;C1;1;{written}\n").rows
    assert (row.fault, row.cells["placed_on"]) == (None, read)
    [again] = orders(f"{ORDER}O1;C1;1;{read}\n").rows
    assert again.cells["placed_on"] == read


def test_39_an_unformatted_day_in_a_workbook_is_read_and_reported() -> None:
    content = workbook(("订单", rows(["订单编号", "客户编号", "金额", "下单日期"], ["O1", "C1", 5, 45444])))
    table = read_table(content, XLSX_TYPE, ORDER_COLUMNS)
    assert table.rows[0].cells["placed_on"] == "2024-06-01"
    assert noted(table, "serial-day") == [("下单日期", [2])]


def test_39_an_unformatted_day_of_a_workbook_that_counts_from_1904_is_that_day() -> None:
    content = workbook(
        ("订单", rows(["订单编号", "客户编号", "金额", "下单日期"], ["O1", "C1", 5, 43982])), date_1904=True
    )
    assert read_table(content, XLSX_TYPE, ORDER_COLUMNS).rows[0].cells["placed_on"] == "2024-06-01"


@pytest.mark.parametrize("written", ["06/01/2024", "24.6.1", "2024-02-30", "2024-06-01 25:00", "9999-12-31", "长期"])
def test_39_a_moment_with_two_meanings_or_none_is_refused(written: str) -> None:
    assert faults(orders(f"{ORDER}O1;C1;1;{written}\n")) == [(2, "下单日期", "not-a-date")]


@pytest.mark.parametrize(
    ("written", "minor", "currency"),
    [
        ("¥12,800", 1_280_000, "CNY"),
        ("￥１２，８００．５０", 1_280_050, "CNY"),
        ("12800元", 1_280_000, "CNY"),
        ("1.28万", 1_280_000, "CNY"),
        ("1.28万元", 1_280_000, "CNY"),
        ("人民币 100", 10_000, "CNY"),
        ("€500", 50_000, "EUR"),
        ("USD 100", 10_000, "USD"),
    ],
)
def test_39_an_amount_is_read_with_its_sign_and_unit(written: str, minor: int, currency: str) -> None:
    [row] = orders(f"{ORDER}O1;C1;{written};2024-06-01\n").rows
    assert row.fault is None
    assert money(row.cells) == {"amount_minor": minor, "currency": currency}


def test_39_a_unit_that_was_multiplied_out_is_reported() -> None:
    assert noted(orders(f"{ORDER}O1;C1;1.28万;2024-06-01\n"), "amount-unit") == [("金额", [2])]


@pytest.mark.parametrize(("amount", "currency"), [("€500", "CNY"), ("$500", ""), ("500元", "USD"), ("$5 €", "USD")])
def test_39_an_amount_that_names_another_currency_than_its_row_is_refused(amount: str, currency: str) -> None:
    with pytest.raises(FieldError):
        minor_units(amount, currency_of({"amount": amount, "currency": currency}))


@pytest.mark.parametrize("written", ["长期", "9999-12-31", "9999/12/31", "无固定期限", " 长期 "])
def test_16_a_contract_without_an_end_is_open_and_reported(written: str) -> None:
    header = "合同编号,客户编号,金额,签订日期,开始日期,结束日期\n"
    table = read_table(f"{header}HT-1,KH-1,1,2024-06-01,2024-06-01,{written}\n".encode(), CSV_TYPE, CONTRACT_COLUMNS)
    assert (table.rows[0].fault, table.rows[0].cells["ends_on"]) == (None, "")
    assert noted(table, "open-ended") == [("结束日期", [2])]


def test_16_a_time_of_day_in_a_column_of_days_is_left_out_and_reported() -> None:
    header = "合同编号,客户编号,金额,签订日期,开始日期\n"
    table = read_table(f"{header}HT-1,KH-1,1,2024-06-01,2024/6/1 9:30\n".encode(), CSV_TYPE, CONTRACT_COLUMNS)
    assert table.rows[0].cells["starts_on"] == "2024-06-01"
    assert noted(table, "time-left-out") == [("开始日期", [2])]


AWKWARD = {
    "spaces after a day": "2024-06-01{}x",
    "spaces after an amount": "1{}x",
    "spaces before a unit": "1{}万{}",
    "spaces before the half of a day": "2024-06-01{}12:00{}pm{}x",
    "spaces only": "{}",
}


@contextmanager
def unblocked() -> Iterator[None]:
    """Fail instead of waiting for ever: a backtracking pattern would need hours."""

    def give_up(_signal: int, _frame: object) -> None:
        raise TimeoutError("reading a cell takes too long")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(GIVE_UP_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("meaning", Meaning)
@pytest.mark.parametrize("written", AWKWARD.values(), ids=AWKWARD.keys())
def test_39_the_longest_cell_with_many_spaces_does_not_stop_the_service(written: str, meaning: Meaning) -> None:
    count = MAX_CELL_CHARACTERS // (written.count("{}") + 1)
    with unblocked(), suppress(CellError):
        read_cell(written.format(*[" " * count] * written.count("{}")), meaning)

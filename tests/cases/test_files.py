"""Cases 2, 3, 9 to 16, 27, 32, 33, 36, 39 and 40: files that people send, and what they mean."""

from typing import Any

import pytest

from chassis.files.formats import CSV_TYPE, XLSX_TYPE
from chassis.files.header import HEADER_ROWS
from chassis.files.leftovers import CELLS_OF_A_FULL_ROW
from chassis.files.notes import NAMED_ROWS
from chassis.files.refusal import UnreadableTableError
from chassis.files.table import Row
from contracts.field_error import FieldError
from contracts.money import minor_units
from services.customer.imports.commerce import currency_of, money
from services.customer.imports.commerce_columns import CONTRACT_COLUMNS, ORDER_COLUMNS
from services.customer.imports.customer_columns import COLUMNS
from services.followup.imports.followup_columns import COLUMNS as FOLLOWUP_COLUMNS
from tests.support.tables import Table, read_table, rows, workbook

ORDER = "订单编号;客户编号;金额;下单日期\n"


def customers(content: str | bytes, content_type: str = CSV_TYPE) -> Table:
    return read_table(content if isinstance(content, bytes) else content.encode(), content_type, COLUMNS)


def sheet(*lines: Any) -> Table:
    return read_table(workbook(("客户", rows(*lines))), XLSX_TYPE, COLUMNS)


def orders(content: str) -> Table:
    return read_table(content.encode(), CSV_TYPE, ORDER_COLUMNS)


def refused(content: str | bytes, content_type: str = CSV_TYPE) -> UnreadableTableError:
    with pytest.raises(UnreadableTableError) as caught:
        customers(content, content_type)
    return caught.value


def faults(table: Table) -> list[tuple[int, str, str]]:
    return [(row.number, row.fault["column"], row.fault["code"]) for row in table.rows if row.fault]


def noted(table: Table, code: str) -> list[tuple[object, object]]:
    return [(note["column"], note["rows"]) for note in table.notes if note["code"] == code]


def cells_of(row: Row, *fields: str) -> list[str]:
    return [row.cells[field] for field in fields]


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


def test_09_text_in_code_page_1252_is_refused_with_its_line() -> None:
    error = refused("customer_number;customer_name\n1;Müller GmbH\n".encode("cp1252"))
    assert (error.code, error.row) == ("unknown-encoding", 2)


def test_09_one_bad_byte_in_utf_8_refuses_the_file_with_its_line() -> None:
    error = refused("客户名称\n上海腾云\n北京".encode() + b"\xff" + "新创\n".encode())
    assert (error.code, error.row) == ("broken-encoding", 3)
    assert "3" in error.en
    assert "3" in error.zh


@pytest.mark.parametrize("encoding", ["big5", "shift_jis"])
def test_09_private_characters_and_other_scripts_are_refused(encoding: str) -> None:
    text = {"big5": "臺灣積體電路製造股份有限公司", "shift_jis": "トヨタ自動車"}[encoding]
    assert refused(f"name\n{text}\n".encode(encoding)).code == "unknown-encoding"


@pytest.mark.parametrize("name", ["騰雲國際", "北京鑫晟淼科技有限公司", "朱镕基", "A座B栋"])
def test_09_uncommon_characters_under_a_chinese_header_are_read(name: str) -> None:
    [row] = customers(f"客户名称\n{name}\n".encode("gb18030")).rows
    assert row.cells["name"] == name


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


@pytest.mark.parametrize("start", ["sep=;\n", "sep=;\r\n", '"sep=;"\n', "SEP=;\n"])
def test_13_the_line_that_names_the_separator_is_not_a_row(start: str) -> None:
    [row] = customers(f"{start}客户编号;客户名称\nKH-1;A,B\n").rows
    assert (row.number, cells_of(row, "number", "name")) == (2, ["KH-1", "A,B"])


@pytest.mark.parametrize("written", ['="00123"', '"=""00123"""', "'00123"])
def test_13_digits_that_excel_takes_as_text_are_text(written: str) -> None:
    table = customers(f"客户编号,客户名称\n{written},A\n")
    assert table.rows[0].cells["number"] == "00123"
    assert noted(table, "text-mark") == [("客户编号", [2])]


def test_13_an_apostrophe_of_a_name_stays() -> None:
    assert customers("客户名称\n't Hoen BV\n").rows[0].cells["name"] == "'t Hoen BV"


def test_13_a_quoted_cell_may_follow_a_space() -> None:
    assert cells_of(customers('客户编号, 客户名称\nKH-1, "A, B"\n').rows[0], "number", "name") == ["KH-1", "A, B"]


def test_13_the_euro_sign_of_code_page_936_is_read() -> None:
    content = "客户名称\n欧元".encode("gbk") + b"\x80" + "公司\n".encode("gbk")
    assert customers(content).rows[0].cells["name"] == "欧元€公司"


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

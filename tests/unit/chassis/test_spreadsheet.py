"""Tables are read from CSV and XLSX files or rejected with a reason, and written as CSV."""

import csv
import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path

import pytest
import xlsxwriter  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from chassis.files import formats, table, workbook
from chassis.files.days import Moment, read_moment
from chassis.files.export import write_csv
from chassis.files.formats import CSV_TYPE, XLSX_TYPE
from chassis.files.header import LONGEST_HEADER, comparable
from chassis.files.imports_api import unreadable
from chassis.files.refusal import REASONS, UnreadableTableError
from chassis.files.table import CellError, Column, Row
from tests.support.tables import Table, read_table

CODE = re.compile(r'UnreadableTableError\(\s*"([a-z-]+)"')
NAME = Column(field="name", headers=("客户名称", "customer_name", "name"), required=True)
TIER = Column(field="tier", headers=("客户分层", "tier"))


def read(text: str | bytes, encoding: str = "utf-8") -> Table:
    content = text if isinstance(text, bytes) else text.encode(encoding)
    return read_table(content, CSV_TYPE, [NAME, TIER])


def read_sheet(*rows: Sequence[object]) -> Table:
    return read_table(book_of(*rows), XLSX_TYPE, [NAME, TIER])


def book_of(*rows: Sequence[object]) -> bytes:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return content.getvalue()


def names(table: Table) -> list[str]:
    return [row.cells["name"] for row in table.rows]


def unused(found: Table) -> list[object]:
    return [note["column"] for note in found.notes if note["code"] == "unused-column"]


def read_error(content: str | bytes, content_type: str = CSV_TYPE) -> UnreadableTableError:
    content = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(UnreadableTableError) as error:
        read_table(content, content_type, [NAME, TIER])
    return error.value


def test_a_row_carries_its_number_in_the_sheet_and_its_cells_by_field() -> None:
    assert read("客户名称,客户分层\n上海腾云,VIP\n").rows == [Row(2, {"name": "上海腾云", "tier": "VIP"})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_chinese_text_is_read_in_each_encoding_that_excel_saves(encoding: str) -> None:
    assert names(read("客户名称\n上海腾云\n", encoding)) == ["上海腾云"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "big5", "cp1252"])
def test_text_in_another_encoding_is_rejected(encoding: str) -> None:
    text = "name\nMüller\n" if encoding == "cp1252" else "name\n客戶名稱騰雲\n"
    assert read_error(text.encode(encoding)).code == "unknown-encoding"


def test_bytes_that_are_not_text_are_rejected() -> None:
    assert read_error(b"name\n\xff\xff\n").code == "unknown-encoding"


def test_a_nul_is_rejected_because_no_database_text_can_hold_it() -> None:
    assert read_error("name\nTeng\0yun\n").code == "unknown-encoding"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_detected_from_the_header(delimiter: str) -> None:
    assert read(f"name{delimiter}tier\nA,B;C{delimiter}VIP\n".replace("A,B;C", '"A,B;C"')).rows == [
        Row(2, {"name": "A,B;C", "tier": "VIP"})
    ]


def test_a_delimiter_inside_a_quoted_header_is_part_of_the_header() -> None:
    assert unused(read('name,"note; remark; memo"\nA,B\n')) == ["note; remark; memo"]


def test_a_quoted_cell_may_span_lines_and_is_still_one_row() -> None:
    assert [row.number for row in read('name\n"Teng\nYun"\nLan Hai\n').rows] == [2, 3]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_on_any_system(line_end: str) -> None:
    assert names(read(line_end.join(["name", "A", "B"]))) == ["A", "B"]


@pytest.mark.parametrize("header", [" Customer_Name ", "CUSTOMER_NAME", "ｃｕｓｔｏｍｅｒ＿ｎａｍｅ", "客户 名称"])
def test_a_header_is_known_despite_spaces_case_and_width(header: str) -> None:
    assert names(read(f"{header}\nA\n")) == ["A"]


def test_a_cell_that_is_longer_than_a_header_is_none_and_costs_nothing() -> None:
    assert comparable("客户名称" + "(*)" * 65) == "客户名称"
    assert len("客户名称" + "(*)" * 65) == LONGEST_HEADER - 1
    long = "客户名称" + "(*)" * 40_000
    assert comparable(long) == long


def test_values_are_trimmed_and_otherwise_left_as_they_are() -> None:
    assert names(read("name\n \u3000ＡＢＣ  Ltd \n")) == ["ＡＢＣ  Ltd"]


def test_a_missing_cell_or_column_reads_as_empty() -> None:
    assert read("name,tier\nA\n").rows == [Row(2, {"name": "A", "tier": ""})]
    assert read("name\nA\n").rows == [Row(2, {"name": "A", "tier": ""})]


def test_empty_rows_are_skipped_but_counted() -> None:
    assert [row.number for row in read("name,tier\nA,\n\n , \nB,\n").rows] == [2, 5]


def test_the_header_may_follow_empty_rows() -> None:
    assert [row.number for row in read("\n,,\nname,tier,note\nA,VIP,\n").rows] == [4]


def test_unknown_headers_are_listed() -> None:
    assert unused(read("name,备注,, fax\nA,x,y,z\n")) == ["备注", "fax"]


def test_a_table_may_have_a_header_only() -> None:
    assert read("name\n").rows == []


def test_a_missing_required_column_is_named_with_its_choices() -> None:
    error = read_error("备注\nA\n")
    assert (error.code, error.row, error.column) == ("missing-column", 1, "客户名称")
    assert str(error) == (
        "The column 客户名称 is missing; its header may be one of 客户名称, customer_name, name. Searched: rows 1 to 2."
    )


def test_two_columns_for_one_field_are_rejected() -> None:
    error = read_error("客户名称,Name\nA,B\n")
    assert (error.code, error.row, error.column) == ("duplicate-column", 1, "Name")


@pytest.mark.parametrize("content", ["", "\n\n", ",,\n", "\ufeff"])
def test_a_file_with_nothing_in_it_is_rejected(content: str) -> None:
    assert read_error(content).code == "empty-file"


@pytest.mark.parametrize("line", ['"A', '"A"B', '"A" ,"B"'])
def test_quotes_that_do_not_match_are_rejected_with_their_row(line: str) -> None:
    error = read_error(f"name,tier\nfine,VIP\n{line}")
    assert (error.code, error.row) == ("broken-csv", 3)


def test_a_row_pushed_beyond_the_header_is_rejected() -> None:
    error = read_error("name,tier\nTeng, Yun,VIP\n")
    assert (error.code, error.row) == ("row-too-wide", 2)


def test_a_content_type_may_carry_parameters() -> None:
    assert names(read_table(b"name\nA\n", "Text/CSV; charset=utf-8", [NAME])) == ["A"]


def test_another_content_type_is_rejected() -> None:
    assert read_error("name\nA\n", "application/json").code == "unsupported-type"


def test_a_file_over_the_size_limit_is_rejected() -> None:
    assert read_error(b" " * (table.MAX_BYTES + 1)).code == "file-too-large"


def test_the_last_allowed_row_is_read_and_the_next_is_rejected() -> None:
    content = "name\n" + "A\n" * table.MAX_ROWS
    assert len(read(content).rows) == table.MAX_ROWS
    error = read_error(content + "A\n")
    assert (error.code, error.row) == ("too-many-rows", table.MAX_ROWS + 2)


def test_the_last_allowed_column_is_read_and_the_next_is_rejected() -> None:
    content = "name" + "," * (table.MAX_COLUMNS - 1)
    assert read(content).rows == []
    error = read_error(content + ",")
    assert (error.code, error.row) == ("too-many-columns", 1)


def test_the_longest_allowed_cell_is_read_and_a_longer_one_is_rejected() -> None:
    longest = "A" * table.MAX_CELL_CHARACTERS
    assert names(read(f"name\n{longest}\n")) == [longest]
    error = read_error(f"tier,name\n,{longest}A\n")
    assert (error.code, error.row, error.column) == ("cell-too-long", 2, "name")


@given(st.binary(max_size=300).map(b"name,tier\n".__add__))
def test_any_bytes_are_read_or_rejected_and_never_crash_the_reader(content: bytes) -> None:
    try:
        table = read(content)
    except UnreadableTableError:
        return
    assert all(set(row.cells) == {"name", "tier"} for row in table.rows)


def test_a_workbook_reads_like_the_same_csv() -> None:
    assert read_sheet(["客户名称", "客户分层"], [" 上海腾云 ", "VIP"], [], ["北京新创", ""]).rows == [
        Row(2, {"name": "上海腾云", "tier": "VIP"}),
        Row(4, {"name": "北京新创", "tier": ""}),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (date(2024, 6, 1), "2024-06-01"),
        (3.0, "3"),
        (0.1 + 0.2, "0.3"),
        (13800138000, "13800138000"),
        (1e-7, "0.0000001"),
        (999_999_999_999_999, "999999999999999"),
        (True, "TRUE"),
    ],
)
def test_a_workbook_value_reads_as_excel_shows_it(value: object, text: str) -> None:
    assert names(read_sheet(["name"], [value])) == [text]


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (datetime(2024, 6, 1), "yyyy-mm-dd hh:mm", "2024-06-01"),  # noqa: DTZ001 - sheets know no zones.
        (datetime(2024, 6, 1, 9, 30), "yyyy-mm-dd hh:mm", "2024-06-01T09:30:00"),  # noqa: DTZ001
        (time(9, 30), "hh:mm", "09:30:00"),
    ],
)
def test_a_workbook_time_reads_as_iso(value: datetime | time, form: str, text: str) -> None:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    sheet = book.add_worksheet()
    sheet.write(0, 0, "name")
    sheet.write_datetime(1, 0, value, book.add_format({"num_format": form}))
    book.close()
    assert names(read_table(content.getvalue(), XLSX_TYPE, [NAME])) == [text]


def test_only_the_first_sheet_is_read() -> None:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    book.add_worksheet("客户").write_column(0, 0, ["name", "A"])
    book.add_worksheet("说明").write_column(0, 0, ["name", "B"])
    book.close()
    assert names(read_table(content.getvalue(), XLSX_TYPE, [NAME])) == ["A"]


def test_a_workbook_without_cells_is_rejected() -> None:
    assert read_error(book_of(), XLSX_TYPE).code == "empty-file"


@pytest.mark.parametrize("content", [b"PK\x03\x04", book_of(["name"])[:-30]])
def test_a_file_that_is_not_a_workbook_is_rejected(content: bytes) -> None:
    assert read_error(content, XLSX_TYPE).code == "unreadable-workbook"


def test_an_archive_that_is_not_a_workbook_is_rejected() -> None:
    assert read_error(archive({"readme.txt": b"name"}), XLSX_TYPE).code == "other-format"
    assert read_error(archive({"xl/workbook.xml": b"<broken"}), XLSX_TYPE).code == "unreadable-workbook"


def test_a_workbook_that_unpacks_beyond_the_limit_is_rejected_unopened() -> None:
    bomb = archive({"xl/workbook.xml": bytes(formats.MAX_UNCOMPRESSED_BYTES + 1)})
    assert len(bomb) < table.MAX_BYTES
    assert read_error(bomb, XLSX_TYPE).code == "workbook-too-large"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name_count_each_towards_the_limit() -> None:
    content = io.BytesIO(archive({"xl/workbook.xml": bytes(formats.MAX_UNCOMPRESSED_BYTES - 10)}))
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as target:
        target.writestr("xl/workbook.xml", bytes(11))
    assert read_error(content.getvalue(), XLSX_TYPE).code == "workbook-too-large"


def test_the_first_line_with_an_unlikely_character_is_named() -> None:
    rare = "".join(c for c in map(chr, range(0x4E00, 0x5E00)) if not c.encode("gb2312", "ignore"))
    content = ("name\n" * 1_000 + rare).encode("gb18030")
    assert read_error(content).row == 1_001


def test_a_small_workbook_that_spans_billions_of_cells_is_rejected_and_the_service_lives() -> None:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    sheet = book.add_worksheet()
    sheet.write(0, 0, "name")
    sheet.write(1_048_575, 16_383, "A")
    book.close()
    assert read_error(content.getvalue(), XLSX_TYPE).code == "unreadable-workbook"


def test_a_workbook_that_takes_too_long_to_open_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "TIMEOUT_SECONDS", 0.001)
    assert read_error(book_of(["name"]), XLSX_TYPE).code == "unreadable-workbook"


@pytest.mark.parametrize(
    "text", ["2024-06-01", "2024-6-1", "2024/6/1", "2024.6.1", "2024年6月1日", "20240601", " 2024-06-01 "]
)
def test_a_date_is_read_in_each_format_of_spreadsheets(text: str) -> None:
    assert read_moment(text) == Moment(date(2024, 6, 1))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2024-06-01T09:00:00.123+08:00", "2024-06-01T09:00:00.123000+08:00"),
        ("2024-06-01 09:00:00.000", "2024-06-01T09:00:00"),
        ("2024-06-01 00:00:00.0000000", "2024-06-01"),
    ],
)
def test_the_fractions_of_seconds_that_databases_write_are_kept(text: str, read: str) -> None:
    assert str(read_moment(text)) == read
    assert str(read_moment(read)) == read


@pytest.mark.parametrize("text", ["2024-06-01 13:30 AM", "2024-06-01 上午13:30"])
def test_an_hour_that_the_morning_does_not_have_is_rejected(text: str) -> None:
    with pytest.raises(CellError):
        read_moment(text)
    assert str(read_moment("2024-06-01 下午13:30")) == "2024-06-01T13:30:00"


def test_an_empty_cell_is_no_date_and_no_error() -> None:
    assert read_moment(" ") is None


@pytest.mark.parametrize("text", ["昨天", "06/01/2024", "2023-06", "2024-06/01", "24.6.1"])
def test_another_date_format_is_rejected_with_a_message(text: str) -> None:
    with pytest.raises(CellError, match="Not a date; use a format like 2024-06-01") as caught:
        read_moment(text)
    assert text not in str(caught.value)


def test_a_day_that_does_not_exist_is_rejected_with_a_message() -> None:
    with pytest.raises(CellError, match="No such day in the calendar"):
        read_moment("2023-02-29")


def test_written_csv_reads_back_the_same() -> None:
    content = write_csv(["name", "tier"], [['上海, “腾云”\n"云"', "VIP"]])
    assert content.startswith(b"\xef\xbb\xbf")
    assert read(content).rows == [Row(2, {"name": '上海, “腾云”\n"云"', "tier": "VIP"})]


@pytest.mark.parametrize("start", [*"=+-@\t\r\n\0＝＋－＠", "  =", "\u3000＝", "\u00a0+", " \t"])
def test_a_cell_that_could_run_as_a_formula_is_written_as_text(start: str) -> None:
    cell = f"{start}SUM(A1)"
    written = write_csv([cell], [[cell]]).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(written, newline=""))) == [[f"'{cell}"], [f"'{cell}"]]


@pytest.mark.parametrize("cell", ["", "a=b", "138-0013", "a@b", "'=1"])
def test_a_harmless_cell_is_written_as_it_is(cell: str) -> None:
    assert write_csv(["name", "x"], [[cell, "y"]]).decode("utf-8-sig") == f"name,x\r\n{cell},y\r\n"


def archive(members: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for path, body in members.items():
            target.writestr(path, body)
    return content.getvalue()


def test_each_reason_to_refuse_a_file_is_used_and_in_both_languages() -> None:
    sources = Path(table.__file__).parent.glob("*.py")
    codes = {code for path in sources for code in CODE.findall(path.read_text(encoding="utf-8"))}
    assert codes == set(REASONS)
    assert all(en and zh for en, zh in REASONS.values())
    error = read_error("客户分层\nVIP\n")
    assert unreadable(error).zh == "缺少列“客户名称”。已查找：第 1 至 2 行。"
    assert unreadable(error).en == str(error)

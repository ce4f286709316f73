"""The template of each kind of file: what a spreadsheet program finds in it, and what the importer reads from it."""

import io
from collections.abc import Sequence

import openpyxl  # type: ignore[import-untyped]
import pytest

from chassis.files.formats import XLSX_TYPE
from chassis.files.header import find_header
from chassis.files.refusal import UnreadableTableError
from chassis.files.table import MAX_ROWS, Column, Meaning
from chassis.files.template import guide_rows, offered, template
from services.customer.imports.commerce_columns import CONTRACT_COLUMNS, ORDER_COLUMNS
from services.customer.imports.customer_columns import COLUMNS as CUSTOMER_COLUMNS
from services.followup.imports.followup_columns import COLUMNS as FOLLOWUP_COLUMNS
from tests.support.tables import read_table
from tests.support.templates import examples, filled, formats, opened

KINDS = (CUSTOMER_COLUMNS, ORDER_COLUMNS, CONTRACT_COLUMNS, FOLLOWUP_COLUMNS)
each_kind = pytest.mark.parametrize("columns", KINDS, ids=("customers", "orders", "contracts", "followups"))
each_language = pytest.mark.parametrize("chinese", [True, False], ids=("zh", "en"))


@each_kind
@each_language
def test_a_template_that_is_sent_as_it_is_has_no_rows_and_says_so(columns: Sequence[Column], chinese: bool) -> None:
    table = read_table(template(columns, chinese=chinese), XLSX_TYPE, columns)
    assert table.rows == []
    sheet, guide = ("数据", "填写说明") if chinese else ("Data", "How to fill in")
    assert [(note["code"], note["column"]) for note in table.notes] == [("unused-sheet", guide), ("no-rows", sheet)]


@each_kind
@each_language
def test_the_header_has_every_column_in_its_language(columns: Sequence[Column], chinese: bool) -> None:
    data, _ = opened(template(columns, chinese=chinese))
    names = [cell.value for cell in data[1]]
    header = find_header([(1, names)], columns)
    assert header is not None
    assert list(header.indexes) == [column.field for column in columns]
    assert {name.removeprefix("*").isascii() for name in names} == {not chinese}
    assert [name.startswith("*") for name in names] == [column.required for column in columns]


@each_kind
def test_every_column_is_explained_in_both_languages(columns: Sequence[Column]) -> None:
    for column in columns:
        assert column.guide.en.isascii(), column.field
        assert column.guide.en, column.field
        assert not column.guide.zh.isascii(), column.field


@each_kind
@each_language
def test_the_examples_are_read_as_they_are_written(columns: Sequence[Column], chinese: bool) -> None:
    content = template(columns, chinese=chinese)
    table = read_table(filled(content), XLSX_TYPE, columns)
    _, guide = opened(content)
    assert [row.fault for row in table.rows] == [None, None]
    for row, example in zip(table.rows, examples(guide), strict=True):
        for column, cell in zip(columns, example, strict=True):
            read = row.cells[column.field]
            match column.meaning:
                case Meaning.TEXT:
                    assert read == cell
                case Meaning.AMOUNT:
                    assert float(read) == float(cell)
                case Meaning.LAST_DAY if cell in {"长期", "open-ended"}:
                    assert read == ""
                case _:
                    assert read.replace("T", " ").removesuffix(":00") == cell


@each_kind
@each_language
def test_the_explanations_are_never_taken_for_a_table(columns: Sequence[Column], chinese: bool) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template(columns, chinese=chinese)))
    book.remove(book.worksheets[0])
    content = io.BytesIO()
    book.save(content)
    with pytest.raises(UnreadableTableError) as refused:
        read_table(content.getvalue(), XLSX_TYPE, columns)
    assert refused.value.code == "missing-column"


@each_kind
def test_numbers_stay_texts_and_days_become_days(columns: Sequence[Column]) -> None:
    data, _ = opened(template(columns, chinese=True))
    for column, form in zip(columns, formats(data), strict=True):
        match column.meaning:
            case Meaning.TEXT:
                assert form == "@", column.field
            case Meaning.AMOUNT:
                assert form == "#,##0.00", column.field
            case _:
                assert form.startswith("yyyy-mm-dd"), column.field


@each_kind
@each_language
def test_a_column_of_words_has_a_list_of_them_in_every_row(columns: Sequence[Column], chinese: bool) -> None:
    data, _ = opened(template(columns, chinese=chinese))
    lists = {
        area.min_col: (each.formula1.strip('"').split(","), area)
        for each in data.data_validations.dataValidation
        for area in each.sqref.ranges
    }
    expected = {index: column for index, column in enumerate(columns, start=1) if column.words}
    assert lists.keys() == expected.keys()
    for index, (words, area) in lists.items():
        values = [expected[index].words[word] for word in words]
        assert sorted(map(str, values)) == sorted(map(str, set(expected[index].words.values())))
        assert (area.min_row, area.max_row) == (2, MAX_ROWS + 1)


def test_a_value_without_a_word_in_the_language_is_offered_in_the_other() -> None:
    assert offered({"vip": 1, "普通": 2, "ordinary": 2}, chinese=True) == ["vip", "普通"]
    assert offered({"vip": 1, "普通": 2, "ordinary": 2}, chinese=False) == ["vip", "ordinary"]


def test_the_explanation_says_what_is_required_which_words_there_are_and_how_a_day_is_written() -> None:
    tier = Column("tier", ("客户分层", "tier"), words={"重点": 1, "vip": 1, "普通": 2, "ordinary": 2})
    since = Column("since", ("起始日期", "since"), required=True, meaning=Meaning.DAY)
    assert guide_rows([tier, since], chinese=False)[1:] == [
        ["“tier”", "optional", "", "vip, ordinary", "", ""],
        ["“since”", "required", "A day, such as 2024-06-01.", "", "", ""],
    ]
    assert guide_rows([tier, since], chinese=True)[1:] == [
        ["“客户分层”", "选填", "", "重点、普通", "", ""],
        ["“起始日期”", "必填", "日期，例如 2024-06-01。", "", "", ""],
    ]

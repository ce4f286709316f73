"""A table reads the same from CSV, in each encoding and with each separator, and from a workbook."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.files.cells import read_cell
from chassis.files.formats import CSV_TYPE, XLSX_TYPE
from chassis.files.table import CellError, Column, Meaning
from tests.support.tables import read_table, workbook

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16")
SEPARATORS = (",", ";", "\t")
COLUMNS = (
    Column("number", ("客户编号",)),
    Column("name", ("客户名称",), required=True),
    Column("amount", ("金额",), meaning=Meaning.AMOUNT),
    Column("placed_on", ("下单日期",), meaning=Meaning.MOMENT),
    Column("starts_on", ("开始日期",), meaning=Meaning.DAY),
    Column("ends_on", ("结束日期",), meaning=Meaning.LAST_DAY),
)
HEADER = [column.headers[0] for column in COLUMNS]

# Characters of GBK, so that each encoding can write them; with what separators, quotes and Excel make special.
CHARACTERS = "上海腾云科技有限公司ABc019,;\t\"'=#+@-/.（）￥元万 　%\n"
TEXTS = st.text(CHARACTERS, max_size=12)
DAYS = st.one_of(
    st.dates().map(str),
    st.sampled_from(["2024/6/1 0:00", "2024-06-01 14:30:00", "45444", "45444.5", "长期", "9999-12-31", "昨天", ""]),
)
AMOUNTS = st.one_of(
    st.decimals(0, 10**9, places=2).map(str),
    st.sampled_from(["￥12,800", "12800元", "1.28万", "4,25", "1.38E+10", "#N/A", ""]),
)
NUMBERS = st.one_of(TEXTS, st.sampled_from(["00123", '="00123"', "'00123", "1.38E+10", "#NAME?", "KH-1"]))
LINES = st.lists(st.tuples(NUMBERS, TEXTS, AMOUNTS, DAYS, DAYS, DAYS), min_size=1, max_size=6)


def delimited(lines: Sequence[Sequence[str]], separator: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows([HEADER, *lines])
    return text.getvalue()


def booked_as_text(lines: Sequence[Sequence[str]]) -> bytes:
    def fill(page: Any, _book: Any) -> None:
        # `write_string`: otherwise the writer takes a text such as =1 as a formula.
        for number, line in enumerate([HEADER, *lines]):
            for column, cell in enumerate(line):
                page.write_string(number, column, cell)

    return workbook(("订单", fill))


@settings(max_examples=15)
@given(LINES, st.sampled_from(ENCODINGS), st.sampled_from(SEPARATORS))
def test_a_table_reads_the_same_from_each_kind_of_file(
    lines: list[tuple[str, ...]], encoding: str, separator: str
) -> None:
    written = read_table(delimited(lines, separator).encode(encoding), CSV_TYPE, COLUMNS)
    booked = read_table(booked_as_text(lines), XLSX_TYPE, COLUMNS)
    assert [(row.cells, row.fault) for row in written.rows] == [(row.cells, row.fault) for row in booked.rows]
    assert [(note["code"], note["column"], note["count"]) for note in written.notes] == [
        (note["code"], note["column"], note["count"]) for note in booked.notes
    ]


@given(st.one_of(TEXTS, NUMBERS, AMOUNTS, DAYS), st.sampled_from(Meaning))
def test_a_cell_that_was_read_reads_as_itself(text: str, meaning: Meaning) -> None:
    try:
        read, _ = read_cell(text, meaning)
    except CellError:
        return
    again, note = read_cell(read, meaning)
    assert (again, note) == (read, None)


@pytest.mark.parametrize("meaning", Meaning)
def test_an_empty_cell_means_nothing(meaning: Meaning) -> None:
    assert read_cell(" \u200b", meaning)[0] == ""

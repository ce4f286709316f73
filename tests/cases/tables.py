"""Reads tables for the cases about files."""

from typing import Any

import pytest

from chassis.files.formats import CSV_TYPE, XLSX_TYPE
from chassis.files.refusal import UnreadableTableError
from chassis.files.table import Row
from services.customer.imports.commerce_columns import ORDER_COLUMNS
from services.customer.imports.customer_columns import COLUMNS
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

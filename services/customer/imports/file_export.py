"""Exports customers, orders and contracts in the columns of the importers, so that each file can be imported unchanged.

A file has what its columns can state: companies with their first number, orders and contracts of companies that have a
number of their own, and of contracts only those that were not renewed, because a row states the first term.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.files.export import write_csv, write_rows
from chassis.files.row_export import exported_row
from chassis.files.table import Column
from chassis.postgres.database import Pool
from contracts.money import format_amount
from services.customer.imports.commerce_columns import CONTRACT_COLUMNS, ORDER_COLUMNS, REASONS
from services.customer.imports.customer_columns import ABC, COLUMNS, TIERS

# A file of so many rows never exceeds the size that the importer accepts, even if every cell is as long as it may be.
ROWS_OF_A_FILE = 4_000
# Read at once; between two parts, the process answers other requests.
ROWS_OF_A_PART = 1_000
BEFORE_ALL = UUID(int=0)
AFTER_ALL = UUID(int=2**128 - 1)
CHINESE_REASONS = {code: word for word, code in REASONS.items()}

PART = "SELECT {key} AS key, {fields} FROM {source} AND {key} > $1 AND {key} <= $2 ORDER BY {key} LIMIT $3"
LAST_AND_NEXT = "SELECT {key} AS key FROM {source} AND {key} > $1 ORDER BY {key} OFFSET $2 LIMIT 2"

COMPANY = "c.kind = 'company' AND NOT c.is_erased AND c.merged_into IS NULL"
CUSTOMERS = f"customer c LEFT JOIN employee e ON e.employee_id = c.owner_id WHERE {COMPANY}"
CUSTOMER_FIELDS = """
    c.numbers->0->>'id' AS number, c.numbers->0->>'system' AS system, c.name, NULL AS rename, c.tiers,
    e.name AS owner, c.owner_id, c.last_contacted_at AS last_contacted_on, c.need_type, c.work_status, c.stage,
    c.industry, c.region, c.registered_at AS registered_on
"""
# What was recorded for a duplicate belongs to the customer that it was merged into.
OF_COMPANY = f"""
    JOIN customer d ON d.customer_id = r.customer_id
    JOIN customer c ON c.customer_id = coalesce(d.merged_into, d.customer_id)
    WHERE r.external_id IS NOT NULL AND {COMPANY}
"""
# A row names one system for both numbers. Without a number, the name finds the customer.
OF_COMPANY_FIELDS = """
    r.external_id AS number, r.external_system AS system, c.name AS customer,
    CASE WHEN c.numbers->0->>'system' = r.external_system THEN c.numbers->0->>'id' END AS customer_number,
    r.amount_minor, r.currency, r.reason
"""
ORDER_FIELDS = """
    r.category, r.placed_at AS placed_on, r.delivered_at AS delivered_on, r.cancelled_at AS cancelled_on
"""
CONTRACT_FIELDS = """
    r.kind, r.signed_at AS signed_on, r.starts_on, r.ends_on, r.renewal_intent AS intent, r.document_id,
    r.ended_at AS ended_on
"""


@dataclass(frozen=True, slots=True)
class FileExport:
    """A kind of file: its columns, where its rows are read from, and their values by field."""

    columns: Sequence[Column]
    key: str
    source: str
    fields: str
    values: Callable[[dict[str, Any]], dict[str, Any]]

    def statement(self, statement: str) -> str:
        return statement.format(key=self.key, fields=self.fields, source=self.source)


def with_tier(row: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a customer, with a tier of the two schemes that files know."""
    default, second = row["tiers"].get("default"), row["tiers"].get("abc")
    tier = default if default in TIERS.values() else second if second in ABC.values() else None
    return row | {"tier": tier}


def with_amount(row: dict[str, Any]) -> dict[str, Any]:
    amount = format_amount(row["amount_minor"], row["currency"])
    return row | {"amount": amount.removesuffix(f" {row['currency']}")}


def with_reason_in_chinese(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with the Chinese word of the reason; a code without a word stays."""
    reason = values.get("reason")
    return values | {"reason": CHINESE_REASONS.get(reason, reason)} if reason else values


EXPORTS = {
    "customers": FileExport(COLUMNS, "c.customer_id", CUSTOMERS, CUSTOMER_FIELDS, with_tier),
    "orders": FileExport(
        ORDER_COLUMNS,
        "r.order_id",
        f"customer_order r {OF_COMPANY}",
        f"{OF_COMPANY_FIELDS}, {ORDER_FIELDS}",
        with_amount,
    ),
    "contracts": FileExport(
        CONTRACT_COLUMNS,
        "r.contract_id",
        f"contract r {OF_COMPANY} AND r.renewals = 0",
        f"{OF_COMPANY_FIELDS}, {CONTRACT_FIELDS}",
        with_amount,
    ),
}


async def last_of_file(pool: Pool, export: FileExport, after: UUID | None) -> UUID | None:
    """Return the key of the last row of this file if another file follows, or None."""
    statement = export.statement(LAST_AND_NEXT)
    found = await pool.fetch(statement, after or BEFORE_ALL, ROWS_OF_A_FILE - 1)
    return found[0]["key"] if len(found) > 1 else None


async def file_parts(
    pool: Pool, export: FileExport, after: UUID | None, last: UUID | None, zone: ZoneInfo, *, chinese: bool
) -> AsyncIterator[bytes]:
    """Yield the file in parts of ROWS_OF_A_PART rows."""
    yield write_csv([column.name(chinese=chinese) for column in export.columns], ())
    place, statement = after or BEFORE_ALL, export.statement(PART)
    while rows := await pool.fetch(statement, place, last or AFTER_ALL, ROWS_OF_A_PART):
        values = [export.values(dict(row)) for row in rows]
        values = [with_reason_in_chinese(each) for each in values] if chinese else values
        yield write_rows(exported_row(export.columns, each, zone, chinese=chinese) for each in values)
        place = rows[-1]["key"]

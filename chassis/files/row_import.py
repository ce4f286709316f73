"""Runs the commands of rows, and names the column that a rejected row is about."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError

from chassis.commands.command import Context
from chassis.commands.decider import GoneError, MovedError, RejectedError
from chassis.commands.result import ConflictError
from chassis.files.importer import Importer, RowOutcome, RowProblemError, RowResult
from chassis.files.row_attempts import RowFailure
from chassis.files.table import Row
from chassis.http.field_errors import invalid_field
from chassis.postgres.database import UNAVAILABLE
from chassis.runtime import failure
from chassis.store.group_commit import OverloadedError

CONCURRENCY = 64
# Of a database that is away, of a service that is overloaded, of another command on the same stream: it passes.
TRIED_AGAIN = (*UNAVAILABLE, OverloadedError, ConflictError)
INTERNAL = {
    "column": "",
    "code": "internal",
    "detail": "The row could not be imported because of an internal error. Send it again later.",
    "detail_zh": "内部错误，该行未能导入，请稍后重新发送。",
}
STATUS = {RowOutcome.CREATED: 201, RowOutcome.CHANGED: 200, RowOutcome.UNCHANGED: 200}


async def import_rows(
    importer: Importer, rows: Sequence[Row], context_of: Callable[[Row], Context], failures: list[RowFailure]
) -> list[RowResult]:
    """Import rows, up to CONCURRENCY at once. Rows that change the same are imported one by one, in their order.

    The results of a row that must be tried again, and of those that come after it, are left out. `failures` gets the
    reason.
    """
    slots = asyncio.Semaphore(CONCURRENCY)

    async def in_order(related: list[Row]) -> list[RowResult]:
        results: list[RowResult] = []
        async with slots:
            for row in related:
                try:
                    results.append(await import_row(importer, row, context_of(row)))
                except TRIED_AGAIN as error:
                    failures.append(RowFailure(row, error))
                    break
        return results

    groups = related_rows(rows, lambda row: importer.keys(row).changes)
    return [result for results in await asyncio.gather(*map(in_order, groups)) for result in results]


def related_rows(rows: Sequence[Row], keys_of: Callable[[Row], Sequence[UUID]]) -> list[list[Row]]:
    """Return the rows in groups, each in its order: rows with a common key are in one group."""
    groups: dict[UUID, list[Row]] = {}
    alone: list[list[Row]] = []
    for row in rows:
        keys = keys_of(row)
        # Two groups become one if a row has a key of both.
        joined = {id(group): group for key in keys if (group := groups.get(key))}
        merged = sorted([row, *chain.from_iterable(joined.values())], key=lambda each: each.number)
        for key in {*keys, *(key for key, group in groups.items() if id(group) in joined)}:
            groups[key] = merged
        if not keys:
            alone.append([row])
    return [*{id(group): group for group in groups.values()}.values(), *alone]


async def import_row(importer: Importer, row: Row, context: Context) -> RowResult:
    try:
        outcome, subject = await importer.import_row(row, context)
    except RowProblemError as error:
        return RowResult(row.number, RowOutcome.FAILED, 422, problem=error.document)
    except RejectedError as error:
        column = column_of(importer, row, error.code)
        document = {"column": column, "code": error.code, "detail": error.en, "detail_zh": error.zh}
        status = 410 if isinstance(error, GoneError | MovedError) else 409
        return RowResult(row.number, RowOutcome.FAILED, status, problem=document)
    except ValidationError as error:
        return RowResult(row.number, RowOutcome.FAILED, 422, problem=first_fault(error, importer, row))
    except TRIED_AGAIN:
        raise
    except Exception as error:  # noqa: BLE001 - one row must not stop its file, nor the files that wait for it
        structlog.get_logger().error("import.row_failed", row=row.number, reason=failure.describe_error(error))
        return RowResult(row.number, RowOutcome.FAILED, 500, problem=INTERNAL)
    return RowResult(row.number, outcome, STATUS[outcome], subject)


def column_of(importer: Importer, row: Row, subject: str) -> str:
    """Return the header of the column that a rule or a field of a command speaks of: the first that the row fills."""
    headers = {column.field: column.headers[0] for column in importer.columns}
    fields = importer.places.get(subject) or ([subject] if subject in headers else importer.places[""])
    return headers[next((field for field in fields if row.cells.get(field)), fields[0])]


def first_fault(error: ValidationError, importer: Importer, row: Row) -> dict[str, Any]:
    """Return the first validation error of a row, with the header of its column."""
    first = invalid_field(error.errors()[0])
    subject = ".".join(map(str, first.location))
    return {"column": column_of(importer, row, subject), "code": first.rule, "detail": first.en, "detail_zh": first.zh}

"""Previews an import: runs the commands of the rows of a file on a store that keeps nothing.

Guarantees. Nothing is stored: no event, no key, no row of the file. A row sees what the rows before it would change.
Never more than PREVIEWS_AT_ONCE files are read at once: a thread goes on reading after its preview was given up, and
the next file waits for it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat as uuid_utils

from chassis.commands.command import Context
from chassis.files.importer import Importer, RowOutcome, RowResult, in_order
from chassis.files.row_attempts import RowFailure
from chassis.files.row_import import import_rows
from chassis.files.row_pieces import next_piece
from chassis.files.sent_file import SentFile
from chassis.files.spreadsheet import OpenedTable, open_table
from chassis.files.table import Column, Row, with_system

# Of a longer file, the first rows are previewed.
PREVIEWED_ROWS = 2_000
PREVIEW_SECONDS = 30.0
# The commands of so many rows are decided together, as in an import.
ROWS_AT_ONCE = 100
PREVIEWS_AT_ONCE = 1
# Of their own: files that are read for long must not take the threads that asyncio resolves names with.
THREADS = ThreadPoolExecutor(PREVIEWS_AT_ONCE, "preview")


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen to the first rows of a file with `rows` rows."""

    rows: int
    sheet: str | None
    notes: Sequence[dict[str, object]]
    results: Sequence[RowResult]

    @property
    def counts(self) -> dict[RowOutcome, int]:
        return in_order(Counter(result.outcome for result in self.results))


class Previews:
    """Previews files, PREVIEWS_AT_ONCE at a time."""

    def __init__(self, importers: Callable[[], Mapping[str, Importer]]) -> None:
        """`importers` returns importers on a new `PreviewStore`, by kind of file."""
        self._importers = importers
        self._slots = asyncio.Semaphore(PREVIEWS_AT_ONCE)

    async def preview(self, file: SentFile) -> Preview:
        """Return what an import would do. Raises UnreadableTableError, or TimeoutError after PREVIEW_SECONDS."""
        async with asyncio.timeout(PREVIEW_SECONDS), self._slots:
            importer = self._importers()[file.kind]
            table, rows = await asyncio.get_running_loop().run_in_executor(THREADS, read, file, importer.columns)
            return Preview(table.count, table.sheet, table.notes(), await results(importer, rows, file.sent_by))


def read(file: SentFile, columns: Sequence[Column]) -> tuple[OpenedTable, list[Row]]:
    """Return the table of a file, and its first rows."""
    table = open_table(file.content, file.content_type, columns, file.sheet)
    rows = next_piece(table.rows(), PREVIEWED_ROWS)
    return table, [Row(row.number, with_system(row.cells, file.system), row.fault) for row in rows]


async def results(importer: Importer, rows: Sequence[Row], sent_by: str) -> list[RowResult]:
    """Return the results of rows, in their order."""
    preview_id, now = uuid_utils.uuid7(), datetime.now(UTC)
    found = [RowResult(row.number, RowOutcome.FAILED, 422, problem=row.fault) for row in rows if row.fault]
    readable = [row for row in rows if not row.fault]
    for start in range(0, len(readable), ROWS_AT_ONCE):
        part = readable[start : start + ROWS_AT_ONCE]
        failures: list[RowFailure] = []
        await importer.prepare(part, f"preview-{preview_id}", was_elsewhere=False)
        found += await import_rows(importer, part, lambda row: context_of(preview_id, sent_by, now, row), failures)
        if failures:
            raise failures[0].error
    return sorted(found, key=lambda result: result.number)


def context_of(preview_id: UUID, sent_by: str, now: datetime, row: Row) -> Context:
    key = f"preview|{preview_id}|{row.number}"
    return Context(key=key, actor=sent_by, correlation_id=f"preview-{preview_id}", now=now, expires=True)

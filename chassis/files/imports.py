"""Imports files in the background: each row runs through the same commands as single requests.

Guarantees. The commands of a row have the idempotency key `import|batch|row|step`, so a row that was interrupted is
run again with one effect, and a batch resumes after a crash. All ids are derived from the row, so a second import of
the same file reports `unchanged` for each row. For the same reason the keys may expire: an import that is resumed later
than that has the same effect, and reports `unchanged`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import structlog
import uuid_utils.compat as uuid_utils

from chassis.commands.command import Context
from chassis.files.importer import Importer, RowOutcome
from chassis.files.kept_cells import clear_erased_cells
from chassis.files.row_attempts import RowFailure, given_up, that_count
from chassis.files.row_import import import_rows
from chassis.files.row_pieces import next_piece
from chassis.files.sent_file import SentFile
from chassis.files.spreadsheet import OpenedTable, open_table
from chassis.files.table import Column, Row, with_system
from chassis.files.turns import Turn, Turns
from chassis.postgres.database import Connection, Pool, transaction
from chassis.runtime.event_timeout import wait_with_timeout
from chassis.runtime.supervisor import Health
from contracts.event import Origin

ROWS_OF_A_TURN = 100
# Stored by one statement, which takes far less than the time limit of a statement, on a busy machine too.
ROWS_OF_A_PIECE = 1_000
# Each takes memory, and a connection.
FILES_AT_ONCE = 2
THREADS = ThreadPoolExecutor(FILES_AT_ONCE, "import")
POLL_SECONDS = 1.0

ADD_BATCH = "INSERT INTO import_batch (id, created_by, rows, kind, sheet, header) VALUES ($1, $2, $3, $4, $5, $6)"
COMPLETE_BATCH = "UPDATE import_batch SET notes = $2, progress = $3 WHERE id = $1"
STORED = ("batch_id", "number", "cells", "original", "outcome", "status", "problem", "changes", "refers_to")
READ_WAITING = """
    SELECT number, cells, attempts FROM import_row WHERE batch_id = $1 AND outcome = 'waiting' ORDER BY number LIMIT $2
"""

StoredRow = tuple[object, ...]


class Imports:
    """Accepts files and processes them in the background, some rows of each in turn."""

    def __init__(self, pool: Pool, importers: Mapping[str, Importer], *, health: Health) -> None:
        """`importers` are given by kind of file; the first is the default."""
        self._pool = pool
        self._importers = importers
        self._health = health
        self._turns = Turns(pool)
        self._woken = asyncio.Event()
        self._reading = asyncio.Semaphore(FILES_AT_ONCE)

    @property
    def pool(self) -> Pool:
        return self._pool

    @property
    def kinds(self) -> list[str]:
        return list(self._importers)

    def columns_of(self, kind: str) -> Sequence[Column]:
        return self._importers[kind].columns

    async def accept(self, file: SentFile) -> tuple[UUID, str | None, list[dict[str, object]]]:
        """Store the rows of a file for processing, all or none. Return the id of the batch, the sheet and the notes.

        Raises UnreadableTableError.
        """
        importer, batch_id = self._importers[file.kind], uuid_utils.uuid7()
        async with self._reading:
            arguments = file.content, file.content_type, importer.columns, file.sheet
            table = await asyncio.get_running_loop().run_in_executor(THREADS, open_table, *arguments)
            async with transaction(self._pool) as held:
                header = table.header.without_results(table.header.names)
                await held.execute(ADD_BATCH, batch_id, file.sent_by, table.count, file.kind, table.sheet, header)
                failed = await self._store_rows(held, batch_id, table, importer, file.system)
                counts = {RowOutcome.WAITING: table.count - failed, RowOutcome.FAILED: failed}
                progress = {outcome: rows for outcome, rows in counts.items() if rows}
                await held.execute(COMPLETE_BATCH, batch_id, table.notes(), progress)
        if failed:
            await clear_erased_cells(self._pool, batch_id)
        self._woken.set()
        return batch_id, table.sheet, table.notes()

    async def _store_rows(
        self, held: Connection, batch_id: UUID, table: OpenedTable, importer: Importer, system: str
    ) -> int:
        """Store the rows, piece by piece. Return how many cannot be read."""
        rows = table.rows()

        def read() -> list[StoredRow]:
            return [stored(batch_id, row, importer, system) for row in next_piece(rows, ROWS_OF_A_PIECE)]

        failed = 0
        while piece := await asyncio.get_running_loop().run_in_executor(THREADS, read):
            await held.copy_records_to_table("import_row", records=piece, columns=STORED)
            failed += sum(RowOutcome.FAILED in row for row in piece)
        return failed

    async def run(self) -> None:
        self._health.ready()
        while True:
            self._woken.clear()
            turn = await self._turns.next()
            if turn is None:
                await wait_with_timeout(self._woken, POLL_SECONDS)
            else:
                await self._process(turn)

    async def _process(self, turn: Turn) -> None:
        """Process the next rows of a file. Raise the error of a row that must be tried again in its next turn."""
        found = await self._pool.fetch(READ_WAITING, turn.batch_id, ROWS_OF_A_TURN)
        rows = [Row(each["number"], each["cells"]) for each in found]
        importer, failures = self._importers[turn.kind or self.kinds[0]], list[RowFailure]()
        await importer.prepare(rows, import_id(turn), was_elsewhere=turn.was_elsewhere)
        results = await import_rows(importer, rows, lambda row: context_of(turn, row), failures)
        counted = that_count(failures)
        results += given_up(counted, {each["number"]: each["attempts"] for each in found})
        await self._turns.end(turn, results, [each.row.number for each in counted])
        structlog.get_logger().info("import.progress", batch_id=str(turn.batch_id), rows=len(results))
        if len(rows) < ROWS_OF_A_TURN:
            await self._turns.finish(turn)
        settled = {result.number for result in results}
        for failure in failures:
            if failure.row.number not in settled:
                raise failure.error


def import_id(turn: Turn) -> str:
    return f"import-{turn.batch_id}"


def context_of(turn: Turn, row: Row) -> Context:
    return Context(
        key=f"import|{turn.batch_id}|{row.number}",
        actor=turn.created_by,
        correlation_id=import_id(turn),
        now=datetime.now(UTC),
        expires=True,
        origin=Origin(batch_id=turn.batch_id, row=row.number),
    )


def stored(batch_id: UUID, row: Row, importer: Importer, system: str) -> StoredRow:
    """Return a row for the columns STORED. What was read of a row that cannot be imported is not stored."""
    own = Row(row.number, with_system(row.cells, system))
    keys = importer.keys(own)
    found = list(keys.changes), list(keys.refers_to)
    if row.fault:
        return batch_id, row.number, {}, row.original, RowOutcome.FAILED, 422, row.fault, *found
    return batch_id, row.number, own.cells, row.original, RowOutcome.WAITING, None, None, *found

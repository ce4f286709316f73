"""Imports files in the background: each row runs through the same commands as single requests.

Guarantees. The commands of a row have the idempotency key `import|batch|row|step`, so a row that was interrupted is
run again with one effect, and a batch resumes after a crash. All ids are derived from the row, so a second import of
the same file reports `unchanged` for each row. For the same reason the keys may expire: an import that is resumed later
than that has the same effect, and reports `unchanged`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

import structlog
import uuid_utils.compat as uuid_utils
from pydantic import ValidationError

from chassis.commands.command import Context
from chassis.commands.decider import GoneError, MovedError, RejectedError
from chassis.files.spreadsheet import OpenedTable, open_table
from chassis.files.table import SOURCE_SYSTEM, Column, Row
from chassis.http.field_errors import invalid_field
from chassis.postgres.database import Connection, Pool, transaction
from chassis.runtime.event_timeout import wait_with_timeout
from chassis.runtime.supervisor import Health
from contracts.event import Origin

CHUNK = 100
# Stored by one statement, which takes far less than the time limit of a statement, on a busy machine too.
ROWS_OF_A_PIECE = 1_000
# Each takes memory, and a connection.
FILES_AT_ONCE = 2
CONCURRENCY = 64
LEASE_SECONDS = 15.0
POLL_SECONDS = 1.0

ADD_BATCH = "INSERT INTO import_batch (id, created_by, rows, kind, sheet) VALUES ($1, $2, $3, $4, $5)"
ADD_NOTES = "UPDATE import_batch SET notes = $2 WHERE id = $1"
STORED = ("batch_id", "number", "cells", "outcome", "status", "problem")
# A lease that ends later than a new one would was given before the clock stepped back: it has expired too.
LEASE = """
    UPDATE import_batch SET status = 'running', leased_until = clock_timestamp() + make_interval(secs => $1)
    WHERE id = (SELECT id FROM import_batch WHERE status IN ('pending', 'running')
                    AND leased_until NOT BETWEEN clock_timestamp() AND clock_timestamp() + make_interval(secs => $1)
                ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id, created_by, kind
"""
RENEW = "UPDATE import_batch SET leased_until = clock_timestamp() + make_interval(secs => $2) WHERE id = $1"
READ_WAITING = """
    SELECT number, cells FROM import_row WHERE batch_id = $1 AND outcome = 'waiting' ORDER BY number LIMIT $2
"""
FINISH_ROWS = """
    UPDATE import_row r SET cells = '{}', outcome = n.outcome,
        status = n.status, subject = n.subject, problem = n.problem
    FROM unnest($2::integer[], $3::text[], $4::smallint[], $5::uuid[], $6::jsonb[])
        AS n(number, outcome, status, subject, problem)
    WHERE r.batch_id = $1 AND r.number = n.number
"""
FINISH_BATCH = "UPDATE import_batch SET status = 'succeeded', ended_at = clock_timestamp() WHERE id = $1"


class RowOutcome(StrEnum):
    WAITING = "waiting"
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


STATUS = {RowOutcome.CREATED: 201, RowOutcome.CHANGED: 200, RowOutcome.UNCHANGED: 200}


class RowProblemError(Exception):
    """A row cannot be imported. `document` names the column and the reason in both languages."""

    def __init__(self, column: str, code: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.document = {"column": column, "code": code, "detail": en, "detail_zh": zh}


@dataclass(frozen=True, slots=True)
class RowResult:
    number: int
    outcome: RowOutcome
    status: int
    subject: UUID | None = None
    problem: dict[str, Any] | None = None


class Importer(Protocol):
    """A kind of file: its columns, and the commands of a row."""

    @property
    def columns(self) -> Sequence[Column]: ...

    @property
    def places(self) -> Mapping[str, Sequence[str]]:
        """The fields of a row that the code of a rule, or a field of a command, speaks of; of '', all others."""
        ...

    async def import_row(self, row: Row, context: Context) -> tuple[RowOutcome, UUID]:
        """Run the row's commands. Raises RowProblemError, RejectedError or ValidationError."""
        ...

    def ordering_key(self, row: Row) -> str:
        """Return a key of what the row is about. Rows with the same key are imported one by one, in file order."""
        ...


class Imports:
    """Accepts files and processes them in the background, one batch at a time."""

    def __init__(self, pool: Pool, importers: Mapping[str, Importer], *, health: Health) -> None:
        """`importers` are given by kind of file; the first is the default."""
        self._pool = pool
        self._importers = importers
        self._health = health
        self._woken = asyncio.Event()
        self._reading = asyncio.Semaphore(FILES_AT_ONCE)

    @property
    def pool(self) -> Pool:
        return self._pool

    @property
    def kinds(self) -> list[str]:
        return list(self._importers)

    async def accept(
        self, kind: str, content: bytes, content_type: str, created_by: str, *, system: str
    ) -> tuple[UUID, str | None, list[dict[str, object]]]:
        """Store the rows of a file for processing, all or none. Return the id of the batch, the sheet and the notes.

        Raises UnreadableTableError. `system` is the system whose numbers the file states, for rows that name none.
        """
        async with self._reading:
            table = await asyncio.to_thread(open_table, content, content_type, self._importers[kind].columns)
            batch_id: UUID = uuid_utils.uuid7()
            async with transaction(self._pool) as held:
                await held.execute(ADD_BATCH, batch_id, created_by, table.count, kind, table.sheet)
                await self._store_rows(held, batch_id, table, system)
                await held.execute(ADD_NOTES, batch_id, table.notes())
        self._woken.set()
        return batch_id, table.sheet, table.notes()

    async def _store_rows(self, held: Connection, batch_id: UUID, table: OpenedTable, system: str) -> None:
        rows = table.rows()
        while piece := await asyncio.to_thread(lambda: list(islice(rows, ROWS_OF_A_PIECE))):
            records = [stored(batch_id, row, system) for row in piece]
            await held.copy_records_to_table("import_row", records=records, columns=STORED)

    async def run(self) -> None:
        self._health.ready()
        while True:
            self._woken.clear()
            batch = await self._pool.fetchrow(LEASE, LEASE_SECONDS)
            if batch is None:
                await wait_with_timeout(self._woken, POLL_SECONDS)
            else:
                importer = self._importers[batch["kind"] or self.kinds[0]]
                await self._process_batch(batch["id"], batch["created_by"], importer)

    async def _process_batch(self, batch_id: UUID, created_by: str, importer: Importer) -> None:
        log = structlog.get_logger().bind(batch_id=str(batch_id))
        processed = 0
        while rows := await self._pool.fetch(READ_WAITING, batch_id, CHUNK):
            await self._pool.execute(RENEW, batch_id, LEASE_SECONDS)
            parsed = [Row(row["number"], row["cells"]) for row in rows]
            results = await self._import_rows(batch_id, created_by, importer, parsed)
            await self._record(batch_id, results)
            processed += len(results)
            log.info("import.progress", rows=processed)
        await self._pool.execute(FINISH_BATCH, batch_id)

    async def _import_rows(
        self, batch_id: UUID, created_by: str, importer: Importer, rows: Sequence[Row]
    ) -> list[RowResult]:
        slots = asyncio.Semaphore(CONCURRENCY)
        by_key: dict[str, list[Row]] = {}
        for row in rows:
            by_key.setdefault(importer.ordering_key(row), []).append(row)

        async def in_order(same_key: list[Row]) -> list[RowResult]:
            async with slots:
                return [await self._import_row(batch_id, created_by, importer, row) for row in same_key]

        return [result for results in await asyncio.gather(*map(in_order, by_key.values())) for result in results]

    async def _import_row(self, batch_id: UUID, created_by: str, importer: Importer, row: Row) -> RowResult:
        context = Context(
            key=f"import|{batch_id}|{row.number}",
            actor=created_by,
            correlation_id=f"import-{batch_id}",
            now=datetime.now(UTC),
            expires=True,
            origin=Origin(batch_id=batch_id, row=row.number),
        )
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
        return RowResult(row.number, outcome, STATUS[outcome], subject)

    async def _record(self, batch_id: UUID, results: Sequence[RowResult]) -> None:
        await self._pool.execute(
            FINISH_ROWS,
            batch_id,
            [result.number for result in results],
            [result.outcome for result in results],
            [result.status for result in results],
            [result.subject for result in results],
            [result.problem for result in results],
        )


def step(context: Context, name: str) -> Context:
    """Return the context of one command of a row, with its own idempotency key."""
    return replace(context, key=f"{context.key}|{name}")


def stored(batch_id: UUID, row: Row, system: str) -> tuple[object, ...]:
    """Return a row for the columns STORED. What is in a row that cannot be read is not stored."""
    if row.fault:
        return batch_id, row.number, {}, RowOutcome.FAILED, 422, row.fault
    return batch_id, row.number, with_system(row.cells, system), RowOutcome.WAITING, None, None


def with_system(cells: dict[str, str], system: str) -> dict[str, str]:
    return cells | {SOURCE_SYSTEM.field: cells[SOURCE_SYSTEM.field] or system}


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

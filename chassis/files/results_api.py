"""HTTP routes for the results of imports: the list of imports, the progress of one, the result of each row."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from chassis.commands.problem import ProblemError, not_found
from chassis.files.corrections import ROWS_OF_A_PART, correction_parts, header_of
from chassis.files.export import write_csv, write_rows
from chassis.files.formats import CSV_TYPE
from chassis.files.import_views import ImportStatus, ImportView, newest, one, sort_key
from chassis.files.importer import RowOutcome
from chassis.files.retention import RESULT_RETENTION
from chassis.http.access import EVERYWHERE, Allow, Caller
from chassis.http.auth import Role
from chassis.http.description.headers import references
from chassis.http.listing import Paging
from chassis.http.paging import Page
from chassis.postgres.database import Pool

RESULTS = "SELECT counts IS NOT NULL AS expired, notes FROM import_batch WHERE id = $1"
ROWS = """
    SELECT number AS row, outcome, status, subject AS id, problem FROM import_row
    WHERE batch_id = $1 AND number > $2 AND ($3::text IS NULL OR outcome = $3) ORDER BY number LIMIT $4
"""
NEXT_ROWS = """
    SELECT number, outcome, status, subject, problem FROM import_row
    WHERE batch_id = $1 AND number > $2 AND ($3::text IS NULL OR outcome = $3) ORDER BY number LIMIT $4
"""
NOTE_OUTCOME = "note"
RESULT_HEADERS = ("行 row", "结果 outcome", "status", "客户 id", "列 column", "原因", "reason")
IMPORTERS = EVERYWHERE | {Role.LEADER}
ImportCaller = Annotated[Caller, Depends(Allow(anywhere=IMPORTERS, own=()))]


class RowProblem(BaseModel):
    """Why a row failed. `column` is empty if no single column is wrong."""

    column: str
    code: str
    detail: str
    detail_zh: str


class ImportRow(BaseModel):
    """The result of one row. `row` is its number in the file; the header is row 1."""

    row: int
    outcome: RowOutcome
    status: int | None
    id: UUID | None
    problem: RowProblem | None


def add_results(router: APIRouter, pool: Pool, kinds: Sequence[str]) -> None:
    """Add the routes that read imports."""
    Kind = Annotated[str, Field(json_schema_extra={"enum": list(kinds)})]  # noqa: N806 - a type

    @router.get("")
    async def list_imports(
        _caller: ImportCaller, paging: Paging, status: ImportStatus | None = None, kind: Kind | None = None
    ) -> Page[ImportView]:
        """List the imports of all senders, the newest first."""
        if kind is not None and kind not in kinds:
            raise unknown_kind(kinds)
        return await paging.page(
            {"list": "imports", "status": status, "kind": kind},
            lambda place, size: newest(pool, kinds[0], status=status, kind=kind, place=place, size=size),
            sort_key,
        )

    @router.get("/{import_id}")
    async def read_import(import_id: UUID, _caller: ImportCaller) -> ImportView:
        """Read the progress of an import."""
        found = await one(pool, kinds[0], import_id)
        if found is None:
            raise not_found()
        return found

    @router.get("/{import_id}/rows")
    async def read_rows(
        import_id: UUID, _caller: ImportCaller, paging: Paging, outcome: RowOutcome | None = None
    ) -> Page[ImportRow]:
        """Read the result of each row. 410 after `rows_kept_until`."""
        await notes_of(pool, import_id)
        bound = {"list": "rows", "import": str(import_id), "outcome": outcome}

        async def fetch(place: list[str] | None, size: int) -> list[ImportRow]:
            rows = await pool.fetch(ROWS, import_id, int(place[0]) if place else 0, outcome, size + 1)
            return [ImportRow(**row) for row in rows]

        return await paging.page(bound, fetch, lambda row: [str(row.row)])

    @router.get("/{import_id}/rows.csv", response_class=Response, responses=RESULTS_FILE)
    async def download_rows(import_id: UUID, _caller: ImportCaller, outcome: RowOutcome | None = None) -> Response:
        """Download the result of each row as CSV. 410 after `rows_kept_until`.

        With `outcome=failed`, the file has the failed rows as they were sent, so that they can be corrected and sent
        again. 410 after `cells_kept_until`.
        """
        if outcome is RowOutcome.FAILED:
            return csv_file(import_id, correction_parts(pool, import_id, await header_of(pool, import_id)))
        notes = await notes_of(pool, import_id)
        return csv_file(import_id, result_parts(pool, import_id, notes, outcome))


RESULTS_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {CSV_TYPE: {"schema": {"type": "string"}}}, "headers": references("Content-Disposition")}
}


async def notes_of(pool: Pool, import_id: UUID) -> list[dict[str, Any]]:
    """Return the notes of an import. Raise a problem if it is unknown, or the results of its rows have been deleted."""
    batch = await pool.fetchrow(RESULTS, import_id)
    if batch is None:
        raise not_found()
    if batch["expired"]:
        days = RESULT_RETENTION.days
        en = f"The results of the rows are deleted {days} days after the import has ended. The counts are kept."
        raise ProblemError("gone", en, f"各行的处理结果在导入结束 {days} 天后删除，只保留汇总数字。")
    notes: list[dict[str, Any]] = batch["notes"]
    return notes


def csv_file(import_id: UUID, parts: AsyncIterator[bytes]) -> Response:
    disposition = f'attachment; filename="import-{import_id}.csv"'
    return StreamingResponse(parts, 200, {"Content-Disposition": disposition}, "text/csv; charset=utf-8")


async def result_parts(
    pool: Pool, import_id: UUID, notes: Sequence[dict[str, Any]], outcome: RowOutcome | None
) -> AsyncIterator[bytes]:
    """Yield the file in parts of ROWS_OF_A_PART rows, so that a large one never blocks the event loop."""
    yield write_csv(RESULT_HEADERS, map(note_cells, notes))
    last = 0
    while rows := await pool.fetch(NEXT_ROWS, import_id, last, outcome, ROWS_OF_A_PART):
        yield write_rows(result_cells(dict(row)) for row in rows)
        last = rows[-1]["number"]


def note_cells(note: Mapping[str, Any]) -> list[str]:
    """Return a note as a row of the result: with the rows that it is about, if there are any."""
    rows = " ".join(map(str, note["rows"])) + (" …" if note["count"] > len(note["rows"]) else "")
    return [rows, NOTE_OUTCOME, "", "", note["column"], note["detail_zh"], note["detail"]]


def result_cells(row: Mapping[str, Any]) -> list[str]:
    problem = row["problem"] or {}
    reasons = [problem.get("column", ""), problem.get("detail_zh", ""), problem.get("detail", "")]
    return [str(row["number"]), row["outcome"], str(row["status"] or ""), str(row["subject"] or ""), *reasons]


def unknown_kind(kinds: Sequence[str]) -> ProblemError:
    en, zh = f"The kind of file must be one of: {', '.join(kinds)}.", f"文件种类须为以下之一：{'、'.join(kinds)}。"
    return ProblemError("validation-failed", en, zh, errors=[{"pointer": "query:kind", "rule": "enum", "detail": en}])

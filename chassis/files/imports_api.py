"""HTTP routes for imports: send a file, read the progress, read or download the result of each row."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel

from chassis.commands.problem import ProblemError, not_found
from chassis.files.export import write_csv, write_rows
from chassis.files.formats import CSV_TYPE, TYPES, XLSX_TYPE
from chassis.files.imports import Imports, RowOutcome
from chassis.files.refusal import UnreadableTableError
from chassis.files.retention import RESULT_RETENTION
from chassis.files.table import FILE_SYSTEM, MAX_BYTES
from chassis.http.access import EVERYWHERE, Allow, Caller
from chassis.http.auth import Role
from chassis.http.body import StrictRoute
from chassis.http.description.headers import references
from chassis.http.listing import Paging
from chassis.http.paging import Page
from chassis.postgres.database import Pool
from contracts.types import Code

BATCH = """
    SELECT id, kind, created_by, created_at, rows, status, ended_at, counts, sheet, notes
    FROM import_batch WHERE id = $1
"""
RESULTS = "SELECT counts IS NOT NULL AS expired, notes FROM import_batch WHERE id = $1"
COUNTS = "SELECT outcome, count(*) AS rows FROM import_row WHERE batch_id = $1 GROUP BY outcome"
ROWS = """
    SELECT number AS row, outcome, status, subject AS id, problem FROM import_row
    WHERE batch_id = $1 AND number > $2 AND ($3::text IS NULL OR outcome = $3) ORDER BY number LIMIT $4
"""
NEXT_ROWS = """
    SELECT number, outcome, status, subject, problem FROM import_row WHERE batch_id = $1 AND number > $2
    ORDER BY number LIMIT $3
"""
# Written at once; between two parts, the process answers other requests.
ROWS_OF_A_PART = 1_000
OTHER_TYPES = sorted(TYPES - {CSV_TYPE, XLSX_TYPE})
NOTE_OUTCOME = "note"
RESULT_HEADERS = ("行 row", "结果 outcome", "status", "客户 id", "列 column", "原因", "reason")

System = Annotated[
    Code,
    Query(description="The system whose numbers the file states, if other systems tell of the same customers."),
]
IMPORTERS = EVERYWHERE | {Role.LEADER}
Sender = Annotated[Caller, Depends(Allow(anywhere=IMPORTERS, own=(), compares_versions=False))]
ImportCaller = Annotated[Caller, Depends(Allow(anywhere=IMPORTERS, own=()))]


class ImportNote(BaseModel):
    """What was left out of a file, or read in another spelling: in a column, or in a sheet of this name.

    `rows` are the first rows that it is about, and `count` is the number of all.
    """

    code: str
    column: str
    rows: list[int]
    count: int
    detail: str
    detail_zh: str


class ImportView(BaseModel):
    """The progress of an import. `counts`: how many rows were created, changed, unchanged, failed, or are waiting.

    The results of single rows are kept until `rows_kept_until`, which is null while the import runs.
    """

    id: UUID
    kind: str
    status: str
    rows: int
    counts: dict[RowOutcome, int]
    created_by: str
    created_at: datetime
    ended_at: datetime | None
    rows_kept_until: datetime | None
    sheet: str | None
    notes: list[ImportNote]


class ImportAccepted(BaseModel):
    """The import of the file. Read its progress at `Location`."""

    id: UUID
    status: str
    sheet: str | None
    notes: list[ImportNote]


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


def imports_router(imports: Imports) -> APIRouter:
    """Return the import routes of one service."""
    router = APIRouter(prefix="/v1/imports", tags=["imports"], route_class=StrictRoute)
    Kind = Annotated[str, Query(description="The kind of file.", json_schema_extra={"enum": list(imports.kinds)})]  # noqa: N806 - a type

    @router.post("", status_code=202, response_model=ImportAccepted, max_body_size=MAX_BYTES, openapi_extra=SENDING)
    async def send_file(
        request: Request, caller: Sender, kind: Kind = imports.kinds[0], system: System = FILE_SYSTEM
    ) -> JSONResponse:
        """Send a CSV or XLSX file. Valid rows are imported even if others fail."""
        if kind not in imports.kinds:
            raise unknown_kind(imports.kinds)
        content_type = request.headers.get("content-type", "").partition(";")[0].strip()
        try:
            batch_id, sheet, notes = await imports.accept(
                kind, await request.body(), content_type, caller.principal.subject, system=system
            )
        except UnreadableTableError as error:
            raise unreadable(error) from error
        location = f"/v1/imports/{batch_id}"
        accepted = {"id": str(batch_id), "status": "pending", "sheet": sheet, "notes": notes}
        return JSONResponse(accepted, 202, {"Location": location})

    @router.get("/{import_id}")
    async def read_import(import_id: UUID, _caller: ImportCaller) -> ImportView:
        """Read the progress of an import."""
        return await import_view(imports, import_id)

    @router.get("/{import_id}/rows")
    async def read_rows(
        import_id: UUID, _caller: ImportCaller, paging: Paging, outcome: RowOutcome | None = None
    ) -> Page[ImportRow]:
        """Read the result of each row. 410 after `rows_kept_until`."""
        await notes_of(imports.pool, import_id)
        bound = {"list": "rows", "import": str(import_id), "outcome": outcome}

        async def fetch(place: list[str] | None, size: int) -> list[ImportRow]:
            rows = await imports.pool.fetch(ROWS, import_id, int(place[0]) if place else 0, outcome, size + 1)
            return [ImportRow(**row) for row in rows]

        return await paging.page(bound, fetch, lambda row: [str(row.row)])

    @router.get("/{import_id}/rows.csv", response_class=Response, responses=RESULTS_FILE)
    async def download_rows(import_id: UUID, _caller: ImportCaller) -> Response:
        """Download the result of each row as CSV. 410 after `rows_kept_until`."""
        notes = await notes_of(imports.pool, import_id)
        return results_file(imports.pool, import_id, notes)

    return router


RESULTS_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {CSV_TYPE: {"schema": {"type": "string"}}}, "headers": references("Content-Disposition")}
}
SENDING = {
    "requestBody": {
        "required": True,
        "content": {
            CSV_TYPE: {"schema": {"type": "string"}},
            XLSX_TYPE: {"schema": {"type": "string", "format": "binary"}},
            **{each: {"schema": {"type": "string", "format": "binary"}} for each in OTHER_TYPES},
        },
    },
    "responses": {"202": {"headers": references("Location")}},
}


async def import_view(imports: Imports, import_id: UUID) -> ImportView:
    batch = await imports.pool.fetchrow(BATCH, import_id)
    if batch is None:
        raise not_found()
    counts = batch["counts"]
    if counts is None:
        counts = {row["outcome"]: row["rows"] for row in await imports.pool.fetch(COUNTS, import_id)}
    kept_until = batch["ended_at"] and batch["ended_at"] + RESULT_RETENTION
    own = {"kind": batch["kind"] or imports.kinds[0], "counts": counts, "rows_kept_until": kept_until}
    return ImportView.model_validate({**batch, **own})


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


def results_file(pool: Pool, import_id: UUID, notes: Sequence[dict[str, Any]]) -> Response:
    disposition = f'attachment; filename="import-{import_id}.csv"'
    return StreamingResponse(
        result_parts(pool, import_id, notes), 200, {"Content-Disposition": disposition}, "text/csv; charset=utf-8"
    )


async def result_parts(pool: Pool, import_id: UUID, notes: Sequence[dict[str, Any]]) -> AsyncIterator[bytes]:
    """Yield the file in parts of ROWS_OF_A_PART rows, so that a large one never blocks the event loop."""
    yield write_csv(RESULT_HEADERS, map(note_cells, notes))
    last = 0
    while rows := await pool.fetch(NEXT_ROWS, import_id, last, ROWS_OF_A_PART):
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


def unreadable(error: UnreadableTableError) -> ProblemError:
    code = "unsupported-type" if error.code == "unsupported-type" else "validation-failed"
    place = {"row": error.row, "column": error.column, "rule": error.code, "detail": error.en}
    return ProblemError(code, error.en, error.zh, errors=[place])

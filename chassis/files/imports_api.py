"""HTTP routes for imports: send a file, read the progress, read or download the result of each row."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel

from chassis.commands.problem import ProblemError, not_found
from chassis.files.imports import Imports, RowOutcome
from chassis.files.retention import RESULT_RETENTION
from chassis.files.spreadsheet import (
    CSV_TYPE,
    MAX_BYTES,
    MAX_CELL_CHARACTERS,
    MAX_COLUMNS,
    MAX_ROWS,
    XLSX_TYPE,
    UnreadableTableError,
    write_csv,
    write_rows,
)
from chassis.http.access import EVERYWHERE, Allow, Caller
from chassis.http.auth import Role
from chassis.http.body import StrictRoute
from chassis.http.description.headers import references
from chassis.http.listing import Paging
from chassis.http.paging import Page
from chassis.postgres.database import Pool

BATCH = "SELECT id, kind, created_by, created_at, rows, status, ended_at, counts FROM import_batch WHERE id = $1"
EXPIRED = "SELECT counts IS NOT NULL FROM import_batch WHERE id = $1"
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
RESULT_HEADERS = ("行 row", "结果 outcome", "status", "客户 id", "列 column", "原因", "reason")

UNREADABLE_ZH = {
    "unsupported-type": "文件应为 CSV 或 Excel 工作簿（.xlsx）。",
    "file-too-large": "文件过大。",
    "empty-file": "文件是空的：没有表头，也没有数据行。",
    "too-many-rows": f"文件超过 {MAX_ROWS} 行，请分成几个文件。",
    "too-many-columns": f"第 {{row}} 行超过 {MAX_COLUMNS} 列。",
    "duplicate-column": "列“{column}”与另一列含义相同，请只保留一列。",
    "missing-column": "缺少列“{column}”。",
    "row-too-wide": "第 {row} 行的单元格比表头多；含有分隔符的内容须加引号。",
    "cell-too-long": f"第 {{row}} 行“{{column}}”超过 {MAX_CELL_CHARACTERS} 个字符。",
    "unknown-encoding": "文件不是 UTF-8 或 GB18030 编码的文本，请另存为“CSV UTF-8”。",
    "broken-csv": "第 {row} 行无法读取：引号须成对出现。",
    "workbook-too-large": "工作簿解压后过大。",
    "unreadable-workbook": "无法打开工作簿：文件已损坏、设有密码或过大，请另存为 CSV。",
}

IMPORTERS = EVERYWHERE | {Role.LEADER}
Sender = Annotated[Caller, Depends(Allow(anywhere=IMPORTERS, own=(), compares_versions=False))]
ImportCaller = Annotated[Caller, Depends(Allow(anywhere=IMPORTERS, own=()))]


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


class ImportAccepted(BaseModel):
    """The import of the file. Read its progress at `Location`."""

    id: UUID
    status: str


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
    async def send_file(request: Request, caller: Sender, kind: Kind = imports.kinds[0]) -> JSONResponse:
        """Send a CSV or XLSX file. Valid rows are imported even if others fail."""
        if kind not in imports.kinds:
            raise unknown_kind(imports.kinds)
        content_type = request.headers.get("content-type", "").partition(";")[0].strip()
        try:
            batch_id = await imports.accept(kind, await request.body(), content_type, caller.principal.subject)
        except UnreadableTableError as error:
            raise unreadable(error) from error
        location = f"/v1/imports/{batch_id}"
        return JSONResponse({"id": str(batch_id), "status": "pending"}, 202, {"Location": location})

    @router.get("/{import_id}")
    async def read_import(import_id: UUID, _caller: ImportCaller) -> ImportView:
        """Read the progress of an import."""
        return await import_view(imports, import_id)

    @router.get("/{import_id}/rows")
    async def read_rows(
        import_id: UUID, _caller: ImportCaller, paging: Paging, outcome: RowOutcome | None = None
    ) -> Page[ImportRow]:
        """Read the result of each row. 410 after `rows_kept_until`."""
        await refuse_expired(imports.pool, import_id)
        bound = {"list": "rows", "import": str(import_id), "outcome": outcome}

        async def fetch(place: list[str] | None, size: int) -> list[ImportRow]:
            rows = await imports.pool.fetch(ROWS, import_id, int(place[0]) if place else 0, outcome, size + 1)
            return [ImportRow(**row) for row in rows]

        return await paging.page(bound, fetch, lambda row: [str(row.row)])

    @router.get("/{import_id}/rows.csv", response_class=Response, responses=RESULTS_FILE)
    async def download_rows(import_id: UUID, _caller: ImportCaller) -> Response:
        """Download the result of each row as CSV. 410 after `rows_kept_until`."""
        await refuse_expired(imports.pool, import_id)
        return results_file(imports.pool, import_id)

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


async def refuse_expired(pool: Pool, import_id: UUID) -> None:
    """Raise a problem if the results of the rows have been deleted."""
    if await pool.fetchval(EXPIRED, import_id):
        days = RESULT_RETENTION.days
        en = f"The results of the rows are deleted {days} days after the import has ended. The counts are kept."
        raise ProblemError("gone", en, f"各行的处理结果在导入结束 {days} 天后删除，只保留汇总数字。")


def results_file(pool: Pool, import_id: UUID) -> Response:
    disposition = f'attachment; filename="import-{import_id}.csv"'
    return StreamingResponse(
        result_parts(pool, import_id), 200, {"Content-Disposition": disposition}, "text/csv; charset=utf-8"
    )


async def result_parts(pool: Pool, import_id: UUID) -> AsyncIterator[bytes]:
    """Yield the file in parts of ROWS_OF_A_PART rows, so that a large one never blocks the event loop."""
    yield write_csv(RESULT_HEADERS, ())
    last = 0
    while rows := await pool.fetch(NEXT_ROWS, import_id, last, ROWS_OF_A_PART):
        yield write_rows(result_cells(dict(row)) for row in rows)
        last = rows[-1]["number"]


def result_cells(row: Mapping[str, Any]) -> list[str]:
    problem = row["problem"] or {}
    reasons = [problem.get("column", ""), problem.get("detail_zh", ""), problem.get("detail", "")]
    return [str(row["number"]), row["outcome"], str(row["status"] or ""), str(row["subject"] or ""), *reasons]


def unknown_kind(kinds: Sequence[str]) -> ProblemError:
    en, zh = f"The kind of file must be one of: {', '.join(kinds)}.", f"文件种类须为以下之一：{'、'.join(kinds)}。"
    return ProblemError("validation-failed", en, zh, errors=[{"pointer": "query:kind", "rule": "enum", "detail": en}])


def unreadable(error: UnreadableTableError) -> ProblemError:
    code = "unsupported-type" if error.code == "unsupported-type" else "validation-failed"
    place = {"row": error.row, "column": error.column, "rule": error.code, "detail": str(error)}
    zh = UNREADABLE_ZH[error.code].format(row=error.row, column=error.column)
    return ProblemError(code, str(error), zh, errors=[place])

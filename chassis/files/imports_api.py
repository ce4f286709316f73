"""HTTP routes for imports: send a file. The routes that read imports are in `results_api`."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from chassis.commands.problem import ProblemError
from chassis.files.formats import CSV_TYPE, XLSX_TYPE
from chassis.files.import_views import ImportNote
from chassis.files.importer import RowOutcome
from chassis.files.imports import Imports
from chassis.files.preview import Preview, Previews
from chassis.files.refusal import REASONS_OF_CHOICE, UnreadableTableError
from chassis.files.results_api import IMPORTERS, ImportRow, add_results, unknown_kind
from chassis.files.sent_file import SentFile
from chassis.files.table import FILE_SYSTEM, MAX_BYTES, MAX_SHEET_NAME
from chassis.http.access import Allow, Caller
from chassis.http.body import StrictRoute
from chassis.http.description.headers import references
from contracts.types import Code

# A name goes to another process as an argument, which cannot hold a NUL.
SHEET_NAME = r"^[^\x00-\x1f]+$"

System = Annotated[
    Code,
    Query(description="The system whose numbers the file states, if other systems tell of the same customers."),
]
Sheet = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=MAX_SHEET_NAME,
        pattern=SHEET_NAME,
        description="The sheet of the workbook to read; it may be hidden.",
    ),
]
AsPreview = Annotated[bool, Query(description="Import nothing; return what would happen to each row.")]
Sender = Annotated[Caller, Depends(Allow(anywhere=IMPORTERS, own=(), compares_versions=False))]


class ImportAccepted(BaseModel):
    """The import of the file. Read its progress at `Location`."""

    id: UUID
    status: str
    sheet: str | None
    notes: list[ImportNote]


class ImportPreview(BaseModel):
    """What an import of the file would do to each of its first `previewed` rows. Nothing is stored.

    `counts`: how many of them would be created, changed, unchanged, or fail.
    """

    rows: int
    previewed: int
    counts: dict[RowOutcome, int]
    sheet: str | None
    notes: list[ImportNote]
    items: list[ImportRow]


def imports_router(imports: Imports, previews: Previews) -> APIRouter:
    """Return the import routes of one service."""
    router = APIRouter(prefix="/v1/imports", tags=["imports"], route_class=StrictRoute)
    Kind = Annotated[str, Query(description="The kind of file.", json_schema_extra={"enum": list(imports.kinds)})]  # noqa: N806 - a type

    @router.post(
        "",
        status_code=202,
        response_model=ImportAccepted,
        responses={200: {"model": ImportPreview}},
        max_body_size=MAX_BYTES,
        openapi_extra=SENDING,
    )
    async def send_file(
        request: Request,
        caller: Sender,
        kind: Kind = imports.kinds[0],
        system: System = FILE_SYSTEM,
        sheet: Sheet = None,
        preview: AsPreview = False,
    ) -> Response:
        """Send a CSV or XLSX file. Valid rows are imported even if others fail."""
        if kind not in imports.kinds:
            raise unknown_kind(imports.kinds)
        file = SentFile(
            kind=kind,
            content=await request.body(),
            content_type=request.headers.get("content-type", ""),
            sent_by=caller.principal.subject,
            system=system,
            sheet=sheet,
        )
        try:
            return previewed(await previews.preview(file)) if preview else accepted(*await imports.accept(file))
        except UnreadableTableError as error:
            raise unreadable(error) from error

    add_results(router, imports.pool, imports.kinds)
    return router


# Other types that browsers send for these files are accepted, too; generators of clients do not know them.
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


def accepted(batch_id: UUID, sheet: str | None, notes: Sequence[Mapping[str, object]]) -> Response:
    content = {"id": str(batch_id), "status": "pending", "sheet": sheet, "notes": notes}
    return JSONResponse(content, 202, {"Location": f"/v1/imports/{batch_id}"})


def previewed(preview: Preview) -> Response:
    shown = ImportPreview(
        rows=preview.rows,
        previewed=len(preview.results),
        counts=preview.counts,
        sheet=preview.sheet,
        notes=[ImportNote.model_validate(note) for note in preview.notes],
        items=[
            ImportRow(row=each.number, outcome=each.outcome, status=each.status, id=each.subject, problem=each.problem)
            for each in preview.results
        ],
    )
    return Response(shown.model_dump_json(), media_type="application/json")


def unreadable(error: UnreadableTableError) -> ProblemError:
    code = "unsupported-type" if error.code == "unsupported-type" else "validation-failed"
    place: dict[str, Any] = {"row": error.row, "column": error.column, "rule": error.code, "detail": error.en}
    if error.code in REASONS_OF_CHOICE:
        place = {"pointer": "query:sheet", "rule": error.code, "detail": error.en}
    return ProblemError(code, error.en, error.zh, errors=[place])

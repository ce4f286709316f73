"""HTTP routes for imports: send a file. The routes that read imports are in `results_api`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from chassis.commands.problem import ProblemError
from chassis.files.formats import CSV_TYPE, TYPES, XLSX_TYPE
from chassis.files.import_views import ImportNote
from chassis.files.importer import RowOutcome
from chassis.files.imports import Imports
from chassis.files.preview import Preview, Previews
from chassis.files.refusal import UnreadableTableError
from chassis.files.results_api import IMPORTERS, ImportRow, add_results, unknown_kind
from chassis.files.table import FILE_SYSTEM, MAX_BYTES
from chassis.http.access import Allow, Caller
from chassis.http.body import StrictRoute
from chassis.http.description.headers import references
from contracts.types import Code

OTHER_TYPES = sorted(TYPES - {CSV_TYPE, XLSX_TYPE})

System = Annotated[
    Code,
    Query(description="The system whose numbers the file states, if other systems tell of the same customers."),
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
        preview: AsPreview = False,
    ) -> Response:
        """Send a CSV or XLSX file. Valid rows are imported even if others fail."""
        if kind not in imports.kinds:
            raise unknown_kind(imports.kinds)
        content, content_type = await request.body(), request.headers.get("content-type", "").partition(";")[0].strip()
        sender = caller.principal.subject
        try:
            if preview:
                return previewed(await previews.preview(kind, content, content_type, sender, system=system))
            batch_id, sheet, notes = await imports.accept(kind, content, content_type, sender, system=system)
        except UnreadableTableError as error:
            raise unreadable(error) from error
        location = f"/v1/imports/{batch_id}"
        accepted = {"id": str(batch_id), "status": "pending", "sheet": sheet, "notes": notes}
        return JSONResponse(accepted, 202, {"Location": location})

    add_results(router, imports.pool, imports.kinds)
    return router


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
    place = {"row": error.row, "column": error.column, "rule": error.code, "detail": error.en}
    return ProblemError(code, error.en, error.zh, errors=[place])

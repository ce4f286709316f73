"""HTTP to export customers, orders and contracts as files that can be imported unchanged."""

from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from chassis.files.formats import CSV_TYPE
from chassis.files.results_api import unknown_kind
from chassis.http.access import OpsOrAdmin
from chassis.http.body import StrictRoute
from chassis.http.description.headers import references
from chassis.http.problems import prefers_chinese
from services.customer.dependencies import Needs
from services.customer.imports.file_export import EXPORTS, ROWS_OF_A_FILE, file_parts, last_of_file

router = APIRouter(prefix="/v1", tags=["imports"], route_class=StrictRoute)

Kind = Annotated[str, Query(description="The kind of file.", json_schema_extra={"enum": list(EXPORTS)})]
After = Annotated[UUID | None, Query(description="Where to continue: as in the `Link` header of the file before.")]
EXPORT_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {CSV_TYPE: {"schema": {"type": "string"}}},
        "headers": references("Content-Disposition", "Link"),
    }
}


@router.get("/exports", response_class=Response, responses=EXPORT_FILE)
async def export_file(
    request: Request, caller: OpsOrAdmin, needs: Needs, kind: Kind = "customers", after: After = None
) -> Response:
    """Download the customers, orders or contracts as CSV, in the columns and the words of imports.

    A file has up to 4,000 rows. If there are more, the `Link` header leads to the next file.
    """
    if kind not in EXPORTS:
        raise unknown_kind(list(EXPORTS))
    export = EXPORTS[kind]
    chinese = prefers_chinese(request.headers.get("accept-language", ""))
    last = await last_of_file(needs.pool, export, after)
    structlog.get_logger().info("file-export.given", kind=kind, to=caller.principal.subject, rows_up_to=ROWS_OF_A_FILE)
    headers = {"Content-Disposition": f'attachment; filename="{kind}.csv"'}
    if last:
        headers["Link"] = f'</v1/exports?kind={kind}&after={last}>; rel="next"'
    parts = file_parts(needs.pool, export, after, last, needs.zone, chinese=chinese)
    return StreamingResponse(parts, 200, headers, f"{CSV_TYPE}; charset=utf-8")

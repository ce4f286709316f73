"""HTTP route for templates: a workbook to fill in for each kind of file."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from chassis.files.formats import XLSX_TYPE
from chassis.files.imports import Imports
from chassis.files.results_api import ImportCaller, unknown_kind
from chassis.files.template import template
from chassis.http.body import StrictRoute
from chassis.http.description.headers import references
from chassis.http.problems import prefers_chinese

TEMPLATE_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {XLSX_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        "headers": references("Content-Disposition"),
    }
}


def template_router(imports: Imports) -> APIRouter:
    """Return the route for the templates of one service. Include it before the routes of single imports."""
    router = APIRouter(prefix="/v1/imports", tags=["imports"], route_class=StrictRoute)
    Kind = Annotated[str, Query(description="The kind of file.", json_schema_extra={"enum": list(imports.kinds)})]  # noqa: N806 - a type

    @router.get("/template", response_class=Response, responses=TEMPLATE_FILE)
    async def download_template(request: Request, _caller: ImportCaller, kind: Kind = imports.kinds[0]) -> Response:
        """Download a workbook to fill in, in the language of the request.

        Its first sheet has the header, formats and lists of words. Its second sheet explains each column.
        """
        if kind not in imports.kinds:
            raise unknown_kind(imports.kinds)
        chinese = prefers_chinese(request.headers.get("accept-language", ""))
        content = await asyncio.to_thread(template, imports.columns_of(kind), chinese=chinese)
        disposition = f'attachment; filename="{kind}-template.xlsx"'
        return Response(content, 200, {"Content-Disposition": disposition}, XLSX_TYPE)

    return router

"""Serves the service's OpenAPI document, its reference page, and the JSON Schemas of events. They are public."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response

from chassis.http.description.page import STYLE, STYLE_PATH, reference_page

FOLDER = Path(__file__).parents[2] / "contracts/generated"
OPENAPI = "/openapi.json"
REFERENCE = "/docs"
# Without a token, and the same for every caller.
DOCUMENTS = (OPENAPI, REFERENCE, STYLE_PATH)
SCHEMAS = "/schemas/"
SCHEMA_TYPE = "application/schema+json"
MAX_AGE_SECONDS = 3_600
SCHEMA_HEADERS = {"Cache-Control": f"public, max-age={MAX_AGE_SECONDS}"}
PAGE_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'self'", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of one service, as bytes; `description` and `page` are None for a service without them."""

    description: bytes | None
    page: bytes | None
    schemas: dict[str, bytes]


@cache
def documents_of(service: str) -> Documents:
    """Read and render the documents of a service; once for all applications of this process."""
    schemas = {path.name: path.read_bytes() for path in (FOLDER / "schemas").glob("*.json")}
    descriptions = {path.stem: path.read_bytes() for path in (FOLDER / "openapi").glob("*.json")}
    description = descriptions.get(service)
    page = reference_page(json.loads(description)).encode() if description else None
    return Documents(description, page, schemas)


def add_documents(app: FastAPI) -> None:
    """Add the routes. All files are read and rendered now, so a request reads no file and renders nothing."""
    documents = documents_of(app.title.lower())

    async def openapi(_request: Request) -> Response:
        return Response(found(documents.description), media_type="application/json")

    async def reference(_request: Request) -> Response:
        return Response(found(documents.page), 200, PAGE_HEADERS, "text/html; charset=utf-8")

    async def style(_request: Request) -> Response:
        return Response(STYLE, 200, SCHEMA_HEADERS, "text/css; charset=utf-8")

    async def schema(request: Request) -> Response:
        return Response(found(documents.schemas.get(request.path_params["name"])), 200, SCHEMA_HEADERS, SCHEMA_TYPE)

    for path, answer in zip(DOCUMENTS, (openapi, reference, style), strict=True):
        app.add_route(path, answer, include_in_schema=False)
    app.add_route(SCHEMAS + "{name}", schema, include_in_schema=False)


def found(content: bytes | None) -> bytes:
    if content is None:
        raise HTTPException(404)
    return content

"""Serves the service's OpenAPI document, and the JSON Schemas that `dataschema` names. They are public."""

from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response

FOLDER = Path(__file__).parents[2] / "contracts/generated"
OPENAPI = "/openapi.json"
SCHEMAS = "/schemas/"
SCHEMA_TYPE = "application/schema+json"
MAX_AGE_SECONDS = 3_600
SCHEMA_HEADERS = {"Cache-Control": f"public, max-age={MAX_AGE_SECONDS}"}


def add_documents(app: FastAPI) -> None:
    """Add the routes. All files are read now, so a request reads no file and renders nothing."""
    schemas = {path.name: path.read_bytes() for path in (FOLDER / "schemas").glob("*.json")}
    descriptions = {path.stem: path.read_bytes() for path in (FOLDER / "openapi").glob("*.json")}
    description = descriptions.get(app.title.lower())

    async def openapi(_request: Request) -> Response:
        return Response(found(description), media_type="application/json")

    async def schema(request: Request) -> Response:
        return Response(found(schemas.get(request.path_params["name"])), 200, SCHEMA_HEADERS, SCHEMA_TYPE)

    app.add_route(OPENAPI, openapi, include_in_schema=False)
    app.add_route(SCHEMAS + "{name}", schema, include_in_schema=False)


def found(content: bytes | None) -> bytes:
    if content is None:
        raise HTTPException(404)
    return content

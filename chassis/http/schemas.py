"""Serves the JSON Schemas of the records, at the addresses that `dataschema` names. They are public."""

from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response

FOLDER = Path(__file__).parents[2] / "contracts/generated/schemas"
MEDIA_TYPE = "application/schema+json"
MAX_AGE_SECONDS = 3_600
HEADERS = {"Cache-Control": f"public, max-age={MAX_AGE_SECONDS}"}


def add_schemas(app: FastAPI) -> None:
    """Add the route of the schemas. All are read now, so a request reads no file."""
    schemas = {path.name: path.read_bytes() for path in FOLDER.glob("*.json")}

    async def schema(request: Request) -> Response:
        content = schemas.get(request.path_params["name"])
        if content is None:
            raise HTTPException(404)
        return Response(content, media_type=MEDIA_TYPE, headers=HEADERS)

    app.add_route("/schemas/{name}", schema, include_in_schema=False)

"""The development issuer: a minimal OpenID provider that issues any requested token to anybody."""

from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from pydantic import BaseModel, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.stack import tokens
from deploy.stack.ports import HOST
from deploy.stack.tokens import Signer

NOTICE = "For development only: issues tokens for any subject and any roles, without authentication."
LONGEST_LIFETIME_SECONDS = 86_400
LARGEST_BODY_BYTES = 10_000

Role = Annotated[str, Field(pattern=r"^[a-z][a-z_-]{0,39}$")]


class TokenRequest(BaseModel, extra="forbid"):
    subject: Annotated[str, Field(min_length=1, max_length=200)]
    roles: Annotated[list[Role], Field(max_length=20)] = []
    expires_in_seconds: Annotated[int, Field(ge=1, le=LONGEST_LIFETIME_SECONDS)] = tokens.DEFAULT_LIFETIME_SECONDS


def create_app(signer: Signer) -> Starlette:
    """Return the issuer application: discovery, public keys and tokens."""

    async def about(_: Request) -> Response:
        return JSONResponse({"name": "Development issuer", "notice": NOTICE})

    async def discovery(_: Request) -> Response:
        return JSONResponse(_discovery(signer.issuer))

    async def keys(_: Request) -> Response:
        return JSONResponse(tokens.jwks(signer))

    async def token(request: Request) -> Response:
        return await _token(request, signer)

    return Starlette(
        routes=[
            Route("/", about),
            Route("/.well-known/openid-configuration", discovery),
            Route("/.well-known/jwks.json", keys),
            Route("/token", token, methods=["POST"]),
        ]
    )


def main(
    data_dir: Path,
    port: int,
    host: str = HOST,
    url: Annotated[str | None, typer.Option(help="The issuer URL, if it differs from the address.")] = None,
) -> None:
    """Serve the development issuer."""
    signer = tokens.signer(data_dir, url or f"http://{host}:{port}")
    uvicorn.run(create_app(signer), host=host, port=port, log_level="warning", access_log=False)


async def _token(request: Request, signer: Signer) -> Response:
    body = await request.body()
    try:
        if len(body) > LARGEST_BODY_BYTES:
            return _problem(413, "The request is too large.")
        command = TokenRequest.model_validate_json(body)
    except ValidationError as error:
        return _problem(422, "; ".join(f"{_path(one['loc'])}: {one['msg']}" for one in error.errors()))
    lifetime = command.expires_in_seconds
    token = tokens.mint(signer, command.subject, command.roles, expires_in_seconds=lifetime)
    return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": lifetime})


def _path(place: tuple[int | str, ...]) -> str:
    return ".".join(str(step) for step in place) or "body"


def _problem(status: int, detail: str) -> Response:
    problem = {"title": "Token refused", "status": status, "detail": detail}
    return JSONResponse(problem, status_code=status, media_type="application/problem+json")


def _discovery(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "token_endpoint": f"{issuer}/token",
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [tokens.ALGORITHM],
    }


if __name__ == "__main__":
    typer.run(main)

"""Builds a service's HTTP application: limits, problem documents, telemetry, health, and route policies."""

import math
from collections.abc import Sequence

from fastapi import APIRouter, FastAPI, Request
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.status import HTTP_413_CONTENT_TOO_LARGE
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.http import problems
from chassis.http.access import check_policies
from chassis.http.admission import Admission
from chassis.http.auth import Authenticator
from chassis.http.body import MAX_BODY_BYTES
from chassis.http.documents import add_documents
from chassis.http.paging import Cursors
from chassis.http.probes import Check, add_probes
from chassis.http.slow_clients import SlowClients
from chassis.runtime.supervisor import Supervisor
from chassis.runtime.telemetry import Telemetry


def create_app(
    title: str,
    routers: Sequence[APIRouter],
    *,
    authenticator: Authenticator,
    cursors: Cursors,
    supervisor: Supervisor,
    checks: dict[str, Check],
    max_body_bytes: int = MAX_BODY_BYTES,
) -> FastAPI:
    """Build the application. Raises PolicyMissingError for a route without a policy.

    `checks` are the conditions for accepting commands: each returns None, or a sentence that says what is wrong.
    """
    app = FastAPI(
        title=title,
        version="1",
        # Served from a file: see documents.py.
        openapi_url=None,
        docs_url=None,
        # A redirect would repeat the client's own Host header.
        redirect_slashes=False,
        redoc_url=None,
        # The framework's own spans and logs would duplicate ours, and would contain personal data.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        middleware=[
            Middleware(Telemetry),
            Middleware(Admission),
            Middleware(SlowClients),
            Middleware(BodyLimit, max_body_size=max_body_bytes),
        ],
    )
    app.state.authenticator = authenticator
    app.state.cursors = cursors
    problems.install(app)
    for router in routers:
        # `include_router` would match routes twice for each request: to select the router, then the route.
        app.router.routes.extend(router.routes)
    check_policies(app)
    add_probes(app, supervisor, checks)
    add_documents(app)
    return app


class TooLargeAsProblem:
    """Replaces the plain-text 413 response of the body limiter with a problem document."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        replaced = False

        async def send_problem(message: Message) -> None:
            nonlocal replaced
            if is_plain_refusal(message):
                replaced = True
                await problems.problem(Request(scope), "too-large", "", "")(scope, receive, send)
            elif not replaced:
                await send(message)

        await self._app(scope, receive, send_problem)


class BodyLimit:
    """Limits a body while it is read. Not needed if Content-Length is low enough: the server enforces it."""

    def __init__(self, app: ASGIApp, max_body_size: int) -> None:
        self._app = app
        self._limited = TooLargeAsProblem(RequestBodyLimitMiddleware(app, max_body_size))
        self._max_body_size = max_body_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app if declared_size(scope) <= self._max_body_size else self._limited
        await app(scope, receive, send)


def declared_size(scope: Scope) -> float:
    """Return the size of the body in bytes by its headers; infinity if they do not say."""
    headers = dict(scope.get("headers", ()))
    length = headers.get(b"content-length", b"0")
    return math.inf if b"transfer-encoding" in headers or not length.isdigit() else int(length)


def is_plain_refusal(message: Message) -> bool:
    if message["type"] != "http.response.start" or message["status"] != HTTP_413_CONTENT_TOO_LARGE:
        return False
    return (b"content-type", problems.MEDIA_TYPE.encode()) not in message["headers"]

"""Builds a service's HTTP application: limits, problems, telemetry, health, and the check that routes are guarded."""

import math
from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.status import HTTP_413_CONTENT_TOO_LARGE
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.http import problems
from chassis.http.access import check_policies
from chassis.http.admission import Admission
from chassis.http.auth import Authenticator
from chassis.http.body import MAX_BODY_BYTES
from chassis.http.paging import Cursors
from chassis.http.slow_clients import SlowClients
from chassis.runtime.supervisor import Supervisor
from chassis.runtime.telemetry import Telemetry

Check = Callable[[], Awaitable[str | None]]


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
    """Assemble the application. Raises PolicyMissingError for a route without a policy.

    `checks` are what an acknowledgement needs: each returns None, or a sentence saying what is wrong.
    """
    app = FastAPI(
        title=title,
        version="1",
        docs_url=None,
        # A redirect would repeat the client's own Host header.
        redirect_slashes=False,
        redoc_url=None,
        # The framework's own spans and logs would stand beside ours, and know nothing of personal words.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        middleware=[
            Middleware(Telemetry),
            Middleware(Admission),
            Middleware(SlowClients),
            Middleware(TooLargeAsProblem),
            Middleware(BodyLimit, max_body_size=max_body_bytes),
        ],
    )
    app.state.authenticator = authenticator
    app.state.cursors = cursors
    problems.install(app)
    for router in routers:
        # `include_router` would match a router's routes twice for each request: to choose it, and then within it.
        app.router.routes.extend(router.routes)
    check_policies(app)
    add_health(app, supervisor, checks)
    return app


class TooLargeAsProblem:
    """Gives the body limiter's own plain refusal the shape of every other one."""

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
    """Limits a body while it is read. One that is told to be small enough cannot be larger: the server sees to that."""

    def __init__(self, app: ASGIApp, max_body_size: int) -> None:
        self._app = app
        self._limited = RequestBodyLimitMiddleware(app, max_body_size)
        self._max_body_size = max_body_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app if told_size(scope) <= self._max_body_size else self._limited
        await app(scope, receive, send)


def told_size(scope: Scope) -> float:
    """Return how many bytes the body has by its headers; infinity where they leave it open."""
    headers = dict(scope.get("headers", ()))
    told = headers.get(b"content-length", b"0")
    return math.inf if b"transfer-encoding" in headers or not told.isdigit() else int(told)


def is_plain_refusal(message: Message) -> bool:
    if message["type"] != "http.response.start" or message["status"] != HTTP_413_CONTENT_TOO_LARGE:
        return False
    return (b"content-type", problems.MEDIA_TYPE.encode()) not in message["headers"]


def add_health(app: FastAPI, supervisor: Supervisor, checks: dict[str, Check]) -> None:
    """Live is cheap. Ready is what an acknowledgement needs; tasks that lag or restart are named as degraded."""

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(_request: Request) -> Response:
        faults = {name: fault for name, check in checks.items() if (fault := await check())}
        running = supervisor.running()
        tasks = {health.name: {"ready": health.is_ready, "detail": health.detail} for health in running}
        degraded = not all(health.is_ready for health in running)
        status = "not-ready" if faults else "degraded" if degraded else "ready"
        headers = {"Retry-After": str(problems.RETRY_AFTER_SECONDS)} if faults else {}
        return JSONResponse({"status": status, "faults": faults, "tasks": tasks}, 503 if faults else 200, headers)

    async def measure(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    app.add_route("/livez", live, include_in_schema=False)
    app.add_route("/readyz", ready, include_in_schema=False)
    app.add_route("/startupz", ready, include_in_schema=False)
    app.add_route("/metrics", measure, include_in_schema=False)

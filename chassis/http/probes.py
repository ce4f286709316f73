"""The probes and /metrics. They need no token, so their cost does not grow with the number of requests."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from chassis.http import problems
from chassis.runtime.supervisor import Supervisor

Check = Callable[[], Awaitable[str | None]]

METRICS = "/metrics"
PROBES = ("/livez", "/readyz", "/startupz")
# Metrics are scraped every few seconds; rendering those of many routes takes tens of milliseconds.
METRICS_SECONDS = 1.0


def add_probes(app: FastAPI, supervisor: Supervisor, checks: dict[str, Check]) -> None:
    """Add the probes and /metrics. Readiness fails if commands cannot be accepted; lagging tasks are only reported."""
    readiness, metrics = Readiness(checks), Metrics()

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(_request: Request) -> Response:
        faults = await readiness.faults()
        running = supervisor.running()
        tasks = {health.name: {"ready": health.is_ready, "detail": health.detail} for health in running}
        degraded = not all(health.is_ready for health in running)
        status = "not-ready" if faults else "degraded" if degraded else "ready"
        headers = {"Retry-After": str(problems.RETRY_AFTER_SECONDS)} if faults else {}
        return JSONResponse({"status": status, "faults": faults, "tasks": tasks}, 503 if faults else 200, headers)

    async def measure(_request: Request) -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    for path, answer in zip((*PROBES, METRICS), (live, ready, ready, measure), strict=True):
        app.add_route(path, answer, include_in_schema=False)


class Readiness:
    """Runs the checks once at a time. Requests that arrive meanwhile share the result."""

    def __init__(self, checks: dict[str, Check]) -> None:
        self._checks = checks
        self._run: asyncio.Task[dict[str, str]] | None = None

    async def faults(self) -> dict[str, str]:
        """Return what is wrong, by the name of the check."""
        if self._run is None or self._run.done():
            self._run = asyncio.create_task(self._check())
        # One caller that goes away must not cancel the checks of the others.
        return await asyncio.shield(self._run)

    async def _check(self) -> dict[str, str]:
        found = await asyncio.gather(*(check() for check in self._checks.values()))
        return {name: fault for name, fault in zip(self._checks, found, strict=True) if fault}


class Metrics:
    """Renders the metrics at most once in METRICS_SECONDS."""

    def __init__(self) -> None:
        self._text = b""
        self._rendered_at = float("-inf")

    def text(self) -> bytes:
        if time.monotonic() - self._rendered_at >= METRICS_SECONDS:
            self._text, self._rendered_at = generate_latest(), time.monotonic()
        return self._text

"""Admission control: rejects requests above the concurrency limit, so that admitted requests are answered quickly."""

from typing import ClassVar

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.http import problems
from chassis.runtime import metrics

# One process handles a few hundred commands per second, so an admitted request waits for about a second at most.
MAX_CONCURRENT = 100
# Liveness probes must succeed under overload, or the orchestrator restarts a process that is only busy.
PROBES = frozenset({"/livez", "/readyz", "/startupz", "/metrics"})


class Admission:
    """Admits up to MAX_CONCURRENT requests at a time and rejects the others with 503. Probes are always admitted.

    In production the proxy in front of the service rejects first, at no cost to the service: see deploy/nginx.
    """

    # Shared by all instances: the process has one event loop.
    admitted: ClassVar[int] = 0

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
        elif Admission.admitted < MAX_CONCURRENT:
            Admission.admitted += 1
            try:
                await self._app(scope, receive, send)
            finally:
                Admission.admitted -= 1
        else:
            metrics.REJECTED.inc()
            await problems.overloaded(Request(scope))(scope, receive, send)

"""Admission control: rejects requests above a number of concurrent ones, so that those admitted are answered soon."""

from typing import ClassVar

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.http import problems
from chassis.runtime import metrics

# One process answers some hundred commands a second, so nobody admitted waits for much longer than a second.
MAX_CONCURRENT = 100
# Who asks whether the process lives must hear that it does, above all when it has much to do.
PROBES = frozenset({"/livez", "/readyz", "/startupz", "/metrics"})


class Admission:
    """Admits MAX_CONCURRENT requests at a time; probes are always admitted.

    In production the proxy in front rejects first, at no cost to the service: see deploy/nginx.
    """

    # Of this process, whose one event loop serves them all.
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

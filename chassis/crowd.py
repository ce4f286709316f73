"""Turns requests away at the door while many are under way: who is inside is answered soon, and who is outside too."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis import metrics, problems
from chassis.telemetry import correlation_of

# One process answers some hundred commands a second, so nobody inside waits for much longer than a second.
MAX_AT_ONCE = 100
# Who asks whether the process lives must hear that it does, above all when it has much to do.
PROBES = frozenset({"/livez", "/readyz", "/startupz", "/metrics"})
NO_TRACE = "0" * 32


class Crowd:
    """Lets MAX_AT_ONCE requests in. It stands before everything else, so that a refusal costs next to nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
        elif self._inside < MAX_AT_ONCE:
            self._inside += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._inside -= 1
        else:
            metrics.TURNED_AWAY.inc()
            await turn_away(scope, receive, send)


async def turn_away(scope: Scope, receive: Receive, send: Send) -> None:
    scope.setdefault("state", {})["trace_id"] = NO_TRACE
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    told = {"Retry-After": str(problems.RETRY_AFTER_SECONDS), "X-Correlation-Id": correlation_of(headers)}
    await problems.problem(Request(scope), "overloaded", "", "", headers=told)(scope, receive, send)

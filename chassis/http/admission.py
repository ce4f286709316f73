"""Turns requests away at the door while many are under way: who is inside is answered soon, and who is outside too."""

from collections.abc import Mapping
from typing import ClassVar

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.commands.problem import CATALOGUE
from chassis.http.refusal import Headers, refusal
from chassis.runtime import metrics

# One process answers some hundred commands a second, so nobody inside waits for much longer than a second.
MAX_AT_ONCE = 100
# Who asks whether the process lives must hear that it does, above all when it has much to do.
PROBES = frozenset({"/livez", "/readyz", "/startupz", "/metrics"})
STATUS, *_ = CATALOGUE["overloaded"]


class Crowd:
    """Lets MAX_AT_ONCE requests in. It stands before everything else, so that a refusal costs little.

    Most are refused before they get here, where it costs less still: see chassis/http/connections.py.
    """

    # Of this process, whose one event loop serves them all.
    inside: ClassVar[int] = 0

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
        elif not is_full():
            Crowd.inside += 1
            try:
                await self._app(scope, receive, send)
            finally:
                Crowd.inside -= 1
        else:
            await turn_away(scope, send)


def is_full() -> bool:
    return Crowd.inside >= MAX_AT_ONCE


async def turn_away(scope: Scope, send: Send) -> None:
    asked = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    headers, content = refused(Request(scope).url.path, asked)
    await send({"type": "http.response.start", "status": STATUS, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def refused(path: str, asked: Mapping[str, str]) -> tuple[Headers, bytes]:
    """Return what whoever asks for `path` with the headers `asked` is told, and count it."""
    metrics.TURNED_AWAY.inc()
    return refusal("overloaded", path, asked)

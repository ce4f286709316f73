"""Admission control: rejects requests above the concurrency limit, so that admitted requests are answered quickly."""

from asyncio import CancelledError
from typing import ClassVar

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.http import problems
from chassis.http.documents import DOCUMENTS, SCHEMAS
from chassis.http.probes import METRICS, PROBES
from chassis.runtime import metrics

# One process handles a few hundred commands per second, so an admitted request waits for about a second at most.
MAX_CONCURRENT = 100
# Liveness probes must succeed under overload, or the orchestrator restarts a process that is only busy. The documents
# cost less than a rejection.
ALWAYS_ADMITTED = frozenset({*PROBES, METRICS, *DOCUMENTS})


class Admission:
    """Admits up to MAX_CONCURRENT requests at a time and rejects the others with 503, except probes and documents.

    A request holds its slot until its response starts, not until the client has read the response.
    In production the proxy in front of the service rejects first, at no cost to the service: see deploy/nginx.
    """

    # Shared by all instances: the process has one event loop.
    admitted: ClassVar[int] = 0

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_always_admitted(scope["path"]):
            await self._app(scope, receive, send)
        elif Admission.admitted < MAX_CONCURRENT:
            await self._admit(scope, receive, send)
        else:
            metrics.REJECTED.inc()
            await problems.overloaded(Request(scope))(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        Admission.admitted += 1
        holds_slot = True

        def release() -> None:
            nonlocal holds_slot
            Admission.admitted -= holds_slot
            holds_slot = False

        async def release_and_send(message: Message) -> None:
            release()
            await send(message)

        try:
            await self._app(scope, receive, release_and_send)
        except CancelledError:
            if not holds_slot:
                raise
            # The server stops, and the request took too long. Without this response, uvicorn would send plain text.
            await problems.stopping(Request(scope))(scope, receive, release_and_send)
        finally:
            release()


def is_always_admitted(path: str) -> bool:
    return path in ALWAYS_ADMITTED or path.startswith(SCHEMAS)

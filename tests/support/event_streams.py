"""Asks for a stream that would not end: returns its first message as the whole response."""

import asyncio
from typing import Any

import httpx
from starlette.types import ASGIApp, Message

STREAMS = frozenset({"/v1/alerts/stream"})


async def beginning(app: ASGIApp, request: httpx.Request) -> httpx.Response:
    """Return the response up to the first part of its body, and disconnect."""
    sent: asyncio.Queue[Message] = asyncio.Queue()
    gone = asyncio.Event()
    is_asked = False

    async def receive() -> Message:
        nonlocal is_asked
        if not is_asked:
            is_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path,
        "query_string": request.url.query,
        "server": ("care.test", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    running = asyncio.ensure_future(app(scope, receive, sent.put))
    start, first = await sent.get(), await sent.get()
    gone.set()
    await running
    return httpx.Response(start["status"], headers=start["headers"], content=first.get("body", b""), request=request)

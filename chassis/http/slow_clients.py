"""Slow-client protection: ends requests whose bodies arrive too slowly, and sends large responses in chunks."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.commands.problem import ProblemError
from chassis.http.connection import MAX_CHUNK_BYTES, has_whole_body
from chassis.runtime import metrics

# Time for a body: a fixed part, plus its size at the minimum rate, so that a file on a slow connection is accepted.
BODY_SECONDS = 20.0
MIN_BYTES_PER_SECOND = 16 * 1024


class SlowClients:
    """Answers 408 if a body arrives too slowly, and sends a large response in chunks.

    The server waits for the client only between chunks. The connection is closed if it waits too long.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = receive if has_whole_body(receive) else receive_in_time(receive)
        await self._app(scope, received, send_in_chunks(send))


def receive_in_time(receive: Receive) -> Receive:
    """Return a `receive` that raises the 408 problem when the total wait for the body exceeds its limit."""
    seconds_left, more_body = BODY_SECONDS, True

    async def receive_body() -> Message:
        nonlocal seconds_left, more_body
        if not more_body:
            return await receive()
        loop = asyncio.get_running_loop()
        started_at = loop.time()
        try:
            async with asyncio.timeout(seconds_left):
                message = await receive()
        except TimeoutError:
            metrics.SLOW_BODIES.inc()
            raise ProblemError("request-timeout", "", "", headers={"Connection": "close"}) from None
        seconds_left += len(message.get("body", b"")) / MIN_BYTES_PER_SECOND - (loop.time() - started_at)
        more_body = message.get("more_body", False)
        return message

    return receive_body


def send_in_chunks(send: Send) -> Send:
    """Return a `send` that splits a body into chunks of MAX_CHUNK_BYTES."""

    async def send_chunks(message: Message) -> None:
        body = message.get("body", b"")
        if len(body) <= MAX_CHUNK_BYTES:
            await send(message)
            return
        more = message.get("more_body", False)
        for start in range(0, len(body), MAX_CHUNK_BYTES):
            end = start + MAX_CHUNK_BYTES
            await send({"type": message["type"], "body": body[start:end], "more_body": more or end < len(body)})

    return send_chunks

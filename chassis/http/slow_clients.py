"""Ends requests whose clients send or read too slowly: each holds a place that others wait for."""

import asyncio

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.commands.problem import ProblemError
from chassis.runtime import metrics

# A body may take so long, and as much longer as it has bytes at this rate: a file on a poor line still passes.
BODY_SECONDS = 20.0
MIN_BYTES_PER_SECOND = 16 * 1024
# An answer goes out in pieces, since the server waits for its client between two of them only. Each has so long.
MAX_PIECE_BYTES = 64 * 1024
PIECE_SECONDS = 20.0


class SlowReaderError(Exception):
    """The client does not read its answer."""


class SlowClients:
    """Answers 408 to a body that comes too slowly, and closes the connection of who does not read the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive_in_time(receive), send_in_time(send))
        except SlowReaderError:
            # The server closes a connection whose answer is not completed.
            metrics.SLOW_READERS.inc()
            structlog.get_logger().warning("http.slow_reader")


def receive_in_time(receive: Receive) -> Receive:
    """Return a `receive` that raises the 408 problem once the body has been waited for too long in all."""
    seconds_left, more_body = BODY_SECONDS, True

    async def receive_body() -> Message:
        nonlocal seconds_left, more_body
        if not more_body:
            return await receive()
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(seconds_left):
                message = await receive()
        except TimeoutError:
            metrics.SLOW_BODIES.inc()
            raise ProblemError("request-timeout", "", "", headers={"Connection": "close"}) from None
        seconds_left += len(message.get("body", b"")) / MIN_BYTES_PER_SECOND - (loop.time() - began)
        more_body = message.get("more_body", False)
        return message

    return receive_body


def send_in_time(send: Send) -> Send:
    """Return a `send` that raises SlowReaderError when the client does not take a piece of the answer in time."""

    async def send_piece(message: Message) -> None:
        try:
            async with asyncio.timeout(PIECE_SECONDS):
                await send(message)
        except TimeoutError:
            raise SlowReaderError from None

    async def send_pieces(message: Message) -> None:
        body = message.get("body", b"")
        if len(body) <= MAX_PIECE_BYTES:
            await send_piece(message)
            return
        more = message.get("more_body", False)
        for start in range(0, len(body), MAX_PIECE_BYTES):
            end = start + MAX_PIECE_BYTES
            await send_piece({"type": message["type"], "body": body[start:end], "more_body": more or end < len(body)})

    return send_pieces

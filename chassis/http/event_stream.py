"""Server-Sent Events: the response, and the text of its messages.

The response ends at once when the service stops: whoever writes the messages then ends them (`Service.on_stop`).
Admission control counts it until it starts. A client that does not read is cut off by the connection.
"""

from collections.abc import AsyncIterator, Callable
from typing import Final

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

MEDIA_TYPE: Final = "text/event-stream"
# Well below the time after which proxies close a silent connection.
HEARTBEAT_SECONDS: Final = 15.0
HEARTBEAT: Final = b": heartbeat\n\n"
# How long a client waits before it connects again.
RECONNECT_MILLISECONDS: Final = 2_000
OPENING: Final = f"retry: {RECONNECT_MILLISECONDS}\n\n".encode()
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """A stream of messages. `on_end` is called when it ends, whatever ends it."""

    media_type = MEDIA_TYPE

    def __init__(self, messages: AsyncIterator[bytes], on_end: Callable[[], None]) -> None:
        super().__init__(messages, headers=HEADERS)
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._on_end()


def message(event_id: int, data: str, event: str | None = None) -> bytes:
    """Return one message. `data` is one line, such as JSON; without `event`, it is of the type `message`."""
    named = f"event: {event}\n" if event else ""
    return f"{named}id: {event_id}\ndata: {data}\n\n".encode()

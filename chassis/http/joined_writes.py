"""A transport that sends in one piece what is written in one turn of the event loop.

The server writes an answer's head and its body apart: two packets, and whoever reads them is woken twice.
"""

import asyncio
from typing import Any

# A stream of pieces is not gathered up: what is larger goes on at once, so that the transport can say when it is full.
MAX_JOINED_BYTES = 64 * 1024


class JoinedWrites:
    """Stands in for `transport` where a server writes and closes; for all else, it is the transport."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._pieces:
            self._loop.call_soon(self.flush)
        self._pieces.append(data)
        self._size += len(data)
        if self._size > MAX_JOINED_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send what has been written, unless whoever was to read it has gone."""
        if self._pieces and not self._transport.is_closing():
            self._transport.write(b"".join(self._pieces))
        self._pieces.clear()
        self._size = 0

    def close(self) -> None:
        self.flush()
        self._transport.close()

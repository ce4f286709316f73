"""How many connections the server keeps, and how little it reads of them while it has too much to do.

Whoever has done nothing for longest gives place to who comes. The server itself lets every connection count against
its limit of requests, and waits for ever for a first request: a thousand connections that say nothing would turn
everybody else away.
"""

import asyncio
import heapq
from operator import attrgetter

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from chassis import crowd
from chassis.glance import Glance, glance
from chassis.joined_writes import JoinedWrites

# Below the thousand files that a process may have open where nobody raised that.
MAX_CONNECTIONS = 900
GIVING_PLACE = 100
STATUS_LINE = b"HTTP/1.1 503 Service Unavailable"


class Connection(H11Protocol):
    """One connection. It is idle while no request of it is under way, one that is still being sent included.

    A request that comes into a crowd is refused at a glance: to read it in full takes ten times as long.
    """

    idle_since = 0.0
    unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._joined = JoinedWrites(transport, self.loop)
        super().connection_made(self._joined)  # type: ignore[arg-type]
        self.idle_since = self.loop.time()
        if len(self.connections) > MAX_CONNECTIONS:
            self._make_place()

    def data_received(self, data: bytes) -> None:
        if self.unread:
            skipped, self.unread = self.unread, max(0, self.unread - len(data))
            data = data[skipped:]
        begins = crowd.is_full() and self._is_between_requests
        if begins and (seen := glance(data)) and seen.path not in crowd.PROBES:
            self._turn_away(seen)
        elif data:
            super().data_received(data)

    def _turn_away(self, seen: Glance) -> None:
        self.unread = seen.rest
        headers, content = crowd.refusal(seen.path, seen.headers)
        lines = (name + b": " + value for name, value in (*self.server_state.default_headers, *headers))
        self.transport.write(b"\r\n".join((STATUS_LINE, *lines, b"", content)))
        self.on_response_complete()

    @property
    def _is_between_requests(self) -> bool:
        return self.conn.their_state is h11.IDLE and self.conn.trailing_data == (b"", False)

    def on_response_complete(self) -> None:
        self._joined.flush()
        self.idle_since = self.loop.time()
        super().on_response_complete()

    @property
    def is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _make_place(self) -> None:
        others = (each for each in self.connections if isinstance(each, Connection) and each is not self)
        idle = (each for each in others if each.is_idle)
        for each in heapq.nsmallest(GIVING_PLACE, idle, key=attrgetter("idle_since")):
            self.connections.discard(each)
            each.transport.close()

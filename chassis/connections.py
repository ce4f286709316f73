"""How many connections the server keeps: whoever has done nothing for longest gives place to who comes.

The server itself lets every connection count against its limit of requests, and waits for ever for a first request:
a thousand connections that say nothing would turn everybody else away.
"""

import asyncio
import heapq
from operator import attrgetter

from uvicorn.protocols.http.h11_impl import H11Protocol

# Below the thousand files that a process may have open where nobody raised that.
MAX_CONNECTIONS = 900
GIVING_PLACE = 100


class Connection(H11Protocol):
    """One connection. It is idle while no request of it is under way, one that is still being sent included."""

    idle_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.idle_since = self.loop.time()
        if len(self.connections) > MAX_CONNECTIONS:
            self._make_place()

    def on_response_complete(self) -> None:
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

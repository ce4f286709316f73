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

from chassis.http import admission
from chassis.http.glance import Glance, glance
from chassis.http.joined_writes import JoinedWrites
from chassis.http.refusal import NO_TRACE, Headers, refusal
from chassis.runtime import metrics

# Below the thousand files that a process may have open where nobody raised that.
MAX_CONNECTIONS = 900
GIVING_PLACE = 100
BUSY = b"HTTP/1.1 503 Service Unavailable"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout"
# A body may take so long, and as much longer as it has bytes at this rate: a file on a poor line still comes through.
BODY_SECONDS = 20.0
MIN_BYTES_PER_SECOND = 16 * 1024
LOOK_AGAIN_SECONDS = 1.0


class Connection(H11Protocol):
    """One connection. It is idle while no request of it is under way, one that is still being sent included.

    A request that comes into a crowd is refused at a glance: to read it in full takes ten times as long. One whose body
    comes too slowly is ended: it would hold one of the few places inside for as long as its sender likes.
    """

    idle_since = 0.0
    unread = 0
    waits_since = 0.0
    received_bytes = 0
    overdue: asyncio.TimerHandle | None = None

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
        begins = admission.is_full() and self._is_between_requests
        if begins and (seen := glance(data)) and seen.path not in admission.PROBES:
            self._turn_away(seen)
        elif data:
            super().data_received(data)
            self._watch_the_body(len(data))

    def _turn_away(self, seen: Glance) -> None:
        self.unread = seen.rest
        self._write(BUSY, *admission.refused(seen.path, seen.headers))
        self.on_response_complete()

    def _write(self, status_line: bytes, headers: Headers, content: bytes) -> None:
        lines = (name + b": " + value for name, value in (*self.server_state.default_headers, *headers))
        self.transport.write(b"\r\n".join((status_line, *lines, b"", content)))

    def _watch_the_body(self, count: int) -> None:
        """Begin to wait for the rest of a body, or go on after `count` bytes more, or have it."""
        if self.is_idle or not self.cycle.more_body:
            self._cease_to_wait()
        elif self.overdue is None:
            self._begin_to_wait()
        else:
            self.received_bytes += count

    def _begin_to_wait(self) -> None:
        self.waits_since, self.received_bytes = self.loop.time(), 0
        self.overdue = self.loop.call_later(BODY_SECONDS, self._look_at_the_body)

    def _cease_to_wait(self) -> None:
        if self.overdue:
            self.overdue.cancel()
            self.overdue = None

    def _look_at_the_body(self) -> None:
        """End the request if its body should have been here by now; while we do not read, its sender is not late."""
        if self.flow.read_paused or self.cycle.waiting_for_100_continue:
            self._begin_to_wait()
            return
        allowed = BODY_SECONDS + self.received_bytes / MIN_BYTES_PER_SECOND
        left = self.waits_since + allowed - self.loop.time()
        if left > 0:
            self.overdue = self.loop.call_later(max(left, LOOK_AGAIN_SECONDS), self._look_at_the_body)
            return
        metrics.SLOW_BODIES.inc()
        if not self.cycle.response_started:
            self._write(TOO_SLOW, *self._told_of_slowness())
        self.transport.close()

    def _told_of_slowness(self) -> tuple[Headers, bytes]:
        """Return the answer, under the ids that the request has in the logs."""
        asked = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.headers}
        known = self.scope["state"]
        asked["x-correlation-id"] = known.get("correlation_id", "")
        headers, content = refusal("request-timeout", self.scope["path"], asked, known.get("trace_id", NO_TRACE))
        return [*headers, (b"connection", b"close")], content

    def connection_lost(self, exc: Exception | None) -> None:
        self._cease_to_wait()
        super().connection_lost(exc)

    @property
    def _is_between_requests(self) -> bool:
        return self.conn.their_state is h11.IDLE and self.conn.trailing_data == (b"", False)

    def on_response_complete(self) -> None:
        self._joined.flush()
        self.idle_since = self.loop.time()
        super().on_response_complete()
        # This one's body is nobody's matter any more, and a request that had to wait behind it may have begun.
        self._watch_the_body(0)

    @property
    def is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _make_place(self) -> None:
        others = (each for each in self.connections if isinstance(each, Connection) and each is not self)
        idle = (each for each in others if each.is_idle)
        for each in heapq.nsmallest(GIVING_PLACE, idle, key=attrgetter("idle_since")):
            self.connections.discard(each)
            each.transport.close()

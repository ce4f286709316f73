"""A connection of the HTTP server. It ends if its client does not read the responses, or does not end a body."""

import sys
from asyncio import TimerHandle
from http import HTTPStatus
from typing import ClassVar

import h11
import structlog
from starlette.responses import Response
from starlette.types import Receive
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from chassis.http.unreadable import head_too_large, invalid_body, invalid_head
from chassis.runtime import metrics

# Responses are written in chunks of MAX_CHUNK_BYTES, and the client has this time to read each.
READ_SECONDS = 20.0
MAX_CHUNK_BYTES = 64 * 1024
# For the rest of a body after a response that did not need it.
REST_SECONDS = 20.0
# Each holds up to two chunks, and the rest of one response. Above this number, the oldest is closed.
MAX_UNREAD = 100


def has_whole_body(receive: Receive) -> bool:
    """Return whether the server has received the whole body already, so that reading it does not wait."""
    cycle = getattr(receive, "__self__", None)
    return isinstance(cycle, RequestResponseCycle) and not cycle.more_body


class Connection(H11Protocol):
    """uvicorn's connection, with two time limits that uvicorn does not have, and problems instead of plain text.

    While its buffer is full, uvicorn waits with the response for any time. After a response, it receives and drops the
    rest of a body for any time. It answers a request that is not valid HTTP/1.1 in plain text.
    """

    # The connections whose clients do not read, the oldest first. A client that reads a chunk becomes the newest.
    unread: ClassVar[dict["Connection", TimerHandle]] = {}
    _rest: TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._rest and self.conn.their_state is not h11.SEND_BODY:
            self._end_rest()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._rest = self.loop.call_later(REST_SECONDS, self._abort_rest)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn passes one text for every error
        """Answer what h11 cannot read with a problem, unless a response has begun, and close the connection."""
        if self.conn.our_state is h11.IDLE:
            self._answer(self._refused_head(), has_content=True)
        elif self.conn.our_state is h11.SEND_RESPONSE:
            self.cycle.disconnected = True
            self._answer(invalid_body(self.scope), has_content=self.scope["method"] != "HEAD")
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.unread[self] = self.loop.call_later(READ_SECONDS, self.abort)
        if len(self.unread) > MAX_UNREAD:
            next(iter(self.unread)).abort()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._forget()
        self._end_rest()

    def abort(self) -> None:
        """Close the connection at once, and count it."""
        # Not `close`: it would wait until the client has read everything.
        self.transport.abort()
        self._forget()
        metrics.SLOW_READERS.inc()
        structlog.get_logger().warning("http.slow_reader")

    def _refused_head(self) -> Response:
        # uvicorn does not pass the error on: this is called while it is handled.
        error, limit_bytes = sys.exception(), self.config.h11_max_incomplete_event_size
        too_large = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        if limit_bytes and isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == too_large:
            return head_too_large(limit_bytes)
        return invalid_head()

    def _answer(self, response: Response, *, has_content: bool) -> None:
        reason = HTTPStatus(response.status_code).phrase.encode()
        head = h11.Response(status_code=response.status_code, headers=response.raw_headers, reason=reason)
        content = h11.Data(data=bytes(response.body) if has_content else b"")
        for event in (head, content, h11.EndOfMessage()):
            self.transport.write(self.conn.send(event))

    def _abort_rest(self) -> None:
        """Close the connection at once: the body has not ended in time."""
        self.transport.abort()
        metrics.SLOW_BODIES.inc()

    def _end_rest(self) -> None:
        if self._rest:
            self._rest.cancel()
            self._rest = None

    def _forget(self) -> None:
        timer = self.unread.pop(self, None)
        if timer is not None:
            timer.cancel()

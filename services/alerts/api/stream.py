"""HTTP for the live stream of alerts (Server-Sent Events)."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Request

from chassis.commands.problem import ProblemError
from chassis.http.auth import Authenticator
from chassis.http.body import StrictRoute
from chassis.http.event_stream import HEADERS, HEARTBEAT, HEARTBEAT_SECONDS, MEDIA_TYPE, OPENING, EventStream
from contracts.types import Code, EmployeeId
from services.alerts.api.access import Reader
from services.alerts.dependencies import Needs
from services.alerts.live.broadcast import Broadcast, reset
from services.alerts.live.subscription import Subscription
from services.alerts.live.transitions import Wanted

# Of a position in the store.
MAX_DIGITS: Final = 19
# A longer header line is refused by nginx.
MAX_LAST_EVENT_ID: Final = 8_000
# A position before all others: nothing that follows it is known.
UNKNOWN: Final = -1
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The stream",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        "headers": {name: {"schema": {"type": "string"}} for name in HEADERS},
    },
    429: {"description": "Too many streams"},
}
LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", max_length=MAX_LAST_EVENT_ID, description="The `id` of the last message."),
]

router = APIRouter(prefix="/v1", tags=["alerts"], route_class=StrictRoute)


@dataclass(frozen=True, slots=True)
class Session:
    """The token of a stream, which ends with it."""

    authenticator: Authenticator
    header: str | None

    async def seconds_left(self) -> float:
        """Return how long the token is valid; 0 if it is not, or no longer."""
        try:
            verified = await self.authenticator.verified(self.header)
        except ProblemError:
            return 0.0
        return max(0.0, verified.expires_at - time.time())


@router.get("/alerts/stream", status_code=200, response_class=EventStream, responses=STREAM)
async def stream_alerts(
    request: Request,
    caller: Reader,
    needs: Needs,
    rule_id: Code | None = None,
    owner_id: EmployeeId | None = None,
    customer_id: UUID | None = None,
    last_event_id: LastEventId = None,
) -> EventStream:
    """Follow the transitions of the alerts that the caller may see, as Server-Sent Events.

    The `data` of a message is an entry as in `GET /v1/alerts/{alert_id}/events`, its `id` the position. A client that
    sends the last `id` as `Last-Event-ID` gets what it missed; after a message `reset`, it reads the list again.
    A `Last-Event-ID` that no message had is answered with `reset`; an empty one counts as absent.
    """
    live = needs.live
    wanted = Wanted(caller.visible_to, rule_id, owner_id, customer_id)
    subscription = await live.subscribe(caller.principal.subject, wanted, position_of(last_event_id))
    session = Session(request.app.state.authenticator, request.headers.get("authorization"))
    return EventStream(messages(live, subscription, session), lambda: live.unsubscribe(subscription))


def position_of(last_event_id: str | None) -> int | None:
    """Return the position that a client has seen last: None if it has seen none, UNKNOWN if it is no position."""
    text = (last_event_id or "").strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else UNKNOWN


async def messages(live: Broadcast, subscription: Subscription, session: Session) -> AsyncIterator[bytes]:
    """Yield the messages of a stream until the token expires, the client is too slow, or the service stops."""
    yield OPENING
    if subscription.missed is None:
        yield reset(subscription.after)
    elif texts := await live.visible(subscription, subscription.missed):
        yield texts
    while subscription.is_open and (left := await session.seconds_left()):
        texts = await subscription.next(min(left, HEARTBEAT_SECONDS))
        if await session.seconds_left():
            yield texts or HEARTBEAT

"""Reads when a customer entered and left each stage, from its events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from chassis.http.paging import Page
from contracts import customer as events
from contracts.customer import Mode, Stage, mode_of
from contracts.event import Envelope
from services.customer.domain.stages import WON_BACK


class StayView(BaseModel):
    """One stay in a stage, with the `reason` for entering it. `days` are whole days, up to now in the present stage."""

    stage: Stage
    mode: Mode | None
    entered_at: datetime
    left_at: datetime | None
    days: int
    reason: str | None


class Stays(Page[StayView]):
    """A page of stays, oldest first, and how often the customer was won back in all."""

    win_backs: int


# The events that tell the stays.
TYPES = (events.Registered, events.StageChanged)


def stays_of(envelopes: Sequence[Envelope[Any]], now: datetime) -> Stays:
    """Return all stays from the events of a customer."""
    entries: list[tuple[Stage, datetime, str | None]] = []
    for envelope in envelopes:
        match envelope.event:
            case events.Registered():
                entries.append((Stage.NEW, envelope.occurred_at, None))
            case events.StageChanged(stage=stage, reason=reason):
                entries.append((stage, envelope.occurred_at, reason))
            case _:
                continue
    exits = [*(entered_at for _, entered_at, _ in entries[1:]), None]
    items = [stay(*entry, left_at, now) for entry, left_at in zip(entries, exits, strict=True)] if entries else []
    return Stays(items=items, win_backs=sum(reason == WON_BACK.code for _, _, reason in entries))


def stay(stage: Stage, entered_at: datetime, reason: str | None, left_at: datetime | None, now: datetime) -> StayView:
    # An exit that was recorded late may have occurred before the entry; then the stay has no days.
    days = max(0, ((left_at or now) - entered_at).days)
    return StayView(stage=stage, mode=mode_of(stage), entered_at=entered_at, left_at=left_at, days=days, reason=reason)

"""Contexts of commands that a service sends by itself, in reaction to an event or a timer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.commands.command import Context
from contracts.event import Envelope


@dataclass(frozen=True, slots=True)
class SystemActor:
    """A service as the sender of commands. The idempotency keys make redelivered events and timers have one effect."""

    service: str

    @property
    def name(self) -> str:
        """The `actor` of the resulting events."""
        return f"system:{self.service}"

    def on_event(self, envelope: Envelope[Any], key: str) -> Context:
        """Return the context of a command caused by an event; its time is the event's `recorded_at`."""
        cause = envelope.metadata
        return Context(
            key=key,
            actor=self.name,
            correlation_id=cause.correlation_id,
            now=envelope.recorded_at,
            causation_id=envelope.id,
            traceparent=cause.traceparent,
        )

    def on_timer(self, now: datetime, key: str, correlation_id: str) -> Context:
        """Return the context of a command caused by a timer. If it changes nothing, no response is stored."""
        return Context(key=key, actor=self.name, correlation_id=correlation_id, now=now, retryable=False)

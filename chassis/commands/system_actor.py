"""Contexts of commands that a service sends by itself: because an event arrived, or because a time has come."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.commands.command import Context
from contracts.event import Envelope


@dataclass(frozen=True, slots=True)
class SystemActor:
    """A service in its role as the author of commands. Keys make what is handled twice happen once."""

    service: str

    @property
    def name(self) -> str:
        """The `actor` of the resulting events."""
        return f"system:{self.service}"

    def on_event(self, envelope: Envelope[Any], key: str) -> Context:
        """Return the context of a command that an event led to, at the time when the event was recorded."""
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
        """Return the context of a command whose time has come. One that changes nothing leaves no answer behind."""
        return Context(key=key, actor=self.name, correlation_id=correlation_id, now=now, retryable=False)

"""Imports: a customer of a file gets no alerts for some seconds, because later rows may change what is known."""

from datetime import timedelta
from typing import Any, Final

from msgspec.structs import replace

from contracts.event import Envelope
from services.alerts.engine.facts import Facts

# While a file is being imported, later rows may still show that a customer is not silent.
IMPORT_SETTLES_AFTER: Final = timedelta(seconds=30)


def with_quiet(facts: Facts, envelope: Envelope[Any]) -> Facts:
    """Return the facts without alerts for some seconds after an event from a file."""
    until = envelope.recorded_at + IMPORT_SETTLES_AFTER
    return replace(facts, quiet_until=max(until, facts.quiet_until or until))

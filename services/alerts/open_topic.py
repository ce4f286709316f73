"""What is open now, on a compacted topic: the alert's latest state, and a tombstone when it ends."""

from typing import Any

from chassis.cloudevents import encode
from chassis.relay import Record
from contracts.alerts import AlertRaised
from contracts.event import Envelope


def open_record(envelope: Envelope[Any]) -> Record:
    """Return the record that keeps the topic in step with one alert event, keyed by the alert."""
    _, value, headers = encode(envelope, source="/care/alerts", previous_position=0)
    key = str(envelope.stream_id).encode()
    return key, value if isinstance(envelope.event, AlertRaised) else None, headers

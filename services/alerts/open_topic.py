"""Records of the compacted topic of open alerts: the latest state, and a tombstone when it ends or is carried away."""

from chassis.kafka.records import Record
from contracts.cloudevents import type_of
from contracts.topics import OPENS

OPENING = frozenset(map(type_of, OPENS))


def open_record(event_type: str, alert_id: str, record: Record) -> Record:
    """Return the record for one event, keyed by the alert. A mute is no alert, and leaves a tombstone of its stream."""
    _, value, headers = record
    return alert_id.encode(), value if event_type in OPENING else None, headers

"""Records of the compacted topic of open alerts: the latest state, and a tombstone when it ends or is carried away."""

from chassis.kafka.records import Record
from contracts.cloudevents import type_of
from contracts.topics import ENDS

ENDING = set(map(type_of, ENDS))


def open_record(event_type: str, alert_id: str, record: Record) -> Record:
    """Return the record for one alert event, keyed by the alert."""
    _, value, headers = record
    return alert_id.encode(), None if event_type in ENDING else value, headers

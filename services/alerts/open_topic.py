"""Records of the compacted topic of open alerts: the latest state, and a tombstone when it ends or is carried away."""

from chassis.kafka.records import Record
from contracts.cloudevents import type_of
from contracts.topics import OPENS

OPEN = set(map(type_of, OPENS))


def open_record(event_type: str, stream_id: str, record: Record) -> Record:
    """Return the record for one event, keyed by the alert.

    A version or a mute of a rule gives a tombstone under an id that no alert has: the relay expects a record here
    for each partition to which it published.
    """
    _, value, headers = record
    return stream_id.encode(), value if event_type in OPEN else None, headers

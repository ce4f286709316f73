"""Records of the compacted topic of open alerts: the latest state, and a tombstone when the alert ends."""

from chassis.kafka.records import Record
from contracts.alerts import AlertRaised

RAISED = AlertRaised.model_fields["type"].default


def open_record(event_type: str, alert_id: str, record: Record) -> Record:
    """Return the record for one alert event, keyed by the alert."""
    _, value, headers = record
    return alert_id.encode(), value if event_type == RAISED else None, headers

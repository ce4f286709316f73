"""What became of the care task of an alert."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from chassis.store.event_store import EventStore
from chassis.store.mapper import EventMapper
from contracts.alerts import CareResult
from services.alerts.engine.care import report_stream


class CareReport(BaseModel):
    """The end of a care task: `outcome` is what the employee stated."""

    task_id: UUID
    result: CareResult
    employee_id: str | None
    outcome: str | None
    recorded_at: datetime


async def task_report_of(alert_id: UUID, store: EventStore, mapper: EventMapper) -> CareReport | None:
    """Return the last report of an alert's care task, if there is one."""
    found = None
    async for row in store.read_stream(report_stream(alert_id)):
        event = mapper.to_envelope(row).event
        found = CareReport(**event.model_dump(exclude={"type", "alert_id", "rule_id"}), recorded_at=row.recorded_at)
    return found

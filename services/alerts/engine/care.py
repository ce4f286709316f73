"""Care tasks: what a rule asks followup for, and what becomes of it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts import followup
from contracts.alerts import CareReported, CareRequest, CareResult
from contracts.event import Envelope
from contracts.types import Code, EmployeeId
from services.alerts.engine.changes import CareReporting, report_stream
from services.alerts.engine.facts import Facts

__all__ = ["Care", "CareFor", "report_stream", "reported"]

MAX_HOURS = 24 * 90
# The events that end a task.
ENDINGS: Final = frozenset({followup.TaskCompleted, followup.TaskCancelled})


class CareFor(StrEnum):
    """Who gets the task, if the rule names no employee."""

    OWNER = "owner"
    LEADER = "leader"


class Care(BaseModel):
    """A task for the customer when an alert is raised, due after `hours`. `assignee_id` is a dedicated employee."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    purpose: Code = followup.Purpose.CARE
    hours: Annotated[int, Field(ge=1, le=MAX_HOURS)]
    to: CareFor = CareFor.OWNER
    assignee_id: EmployeeId | None = None

    def request(self, facts: Facts, instant: datetime) -> CareRequest:
        found = facts.leader_id if self.to is CareFor.LEADER else facts.owner_id
        due_at = instant + timedelta(hours=self.hours)
        return CareRequest(purpose=self.purpose, due_at=due_at, assignee_id=self.assignee_id or found)


def reported(facts: Facts, envelope: Envelope[Any]) -> Iterator[CareReporting]:
    """Yield what an event says of the care task of an alert. `facts` are those before the event."""
    if type(envelope.event) not in ENDINGS:
        return
    for item in (*facts.tasks.values(), *(each for other in facts.absorbed.values() for each in other.tasks.values())):
        if item.concerns_id == envelope.stream_id and item.alert_id and item.alert_rule and not item.settled:
            yield CareReporting(report_of(envelope, item.alert_id, item.alert_rule), envelope.id)
            return


def report_of(envelope: Envelope[Any], alert_id: UUID, rule_id: str) -> CareReported:
    event = envelope.event
    is_done = isinstance(event, followup.TaskCompleted)
    return CareReported(
        alert_id=alert_id,
        rule_id=rule_id,
        task_id=envelope.stream_id,
        result=CareResult.COMPLETED if is_done else CareResult.CANCELLED,
        employee_id=event.employee_id if is_done else None,
        outcome=event.outcome if is_done else None,
    )

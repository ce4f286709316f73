"""The open tasks and complaints of a customer, and its last contact: the items of a handover's checklist."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import followup
from contracts.customer import ItemKind
from contracts.event import Envelope

TABLES = ("open_item",)
OPEN = """
    SELECT kind, concerns_id, at, employee_id, promised_by FROM open_item
    WHERE customer_id = ANY($1) AND is_open ORDER BY at, concerns_id
"""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A task or complaint; or the last contact, whose id is the customer's."""

    item_id: UUID
    customer_id: UUID
    kind: str
    concerns_id: UUID
    at: datetime
    employee_id: str
    is_open: bool = True
    promised_by: datetime | None = None


ITEMS = Rows("open_item", OpenItem, "item_id")


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch of followup's events."""
    keys = [key for envelope in envelopes for key in (envelope.stream_id, envelope.subject)]
    rows = await ITEMS.load(held, keys)
    for envelope in envelopes:
        project(rows, envelope)
    await ITEMS.save(held, list(rows.values()))


def project(rows: dict[UUID, OpenItem], envelope: Envelope[Any]) -> None:
    """Apply one event; other events are ignored."""
    stream_id, customer_id, event = envelope.stream_id, envelope.subject, envelope.event
    match event:
        case followup.TaskScheduled(due_at=due_at, assignee_id=employee_id):
            rows[stream_id] = OpenItem(stream_id, customer_id, ItemKind.TASK, stream_id, due_at, employee_id)
        case followup.TaskRescheduled(due_at=due_at):
            rows[stream_id] = replace(rows[stream_id], at=due_at)
        case followup.ComplaintRaised(owner_id=employee_id):
            at = envelope.occurred_at
            rows[stream_id] = OpenItem(stream_id, customer_id, ItemKind.COMPLAINT, stream_id, at, employee_id)
        case followup.ComplaintTargetSet(resolve_by=by) | followup.ComplaintTargetChanged(resolve_by=by):
            rows[stream_id] = replace(rows[stream_id], promised_by=by)
        case followup.TaskReassigned(assignee_id=employee_id) | followup.ComplaintAssigned(owner_id=employee_id):
            rows[stream_id] = replace(rows[stream_id], employee_id=employee_id)
        case followup.ComplaintReopened():
            rows[stream_id] = replace(rows[stream_id], is_open=True)
        case followup.TaskCompleted() | followup.TaskCancelled() | followup.ComplaintClosed():
            rows[stream_id] = replace(rows[stream_id], is_open=False)
        case followup.ContactLogged(automated=False, employee_id=employee_id):
            known, at = rows.get(customer_id), envelope.occurred_at
            if known is None or known.at < at:
                kind = ItemKind.LAST_CONTACT
                rows[customer_id] = OpenItem(customer_id, customer_id, kind, stream_id, at, employee_id)
        case _:
            return

"""The presence of employees, as it was published. The list of employees itself is no read model: it has the names."""

from collections.abc import Sequence
from typing import Any

from chassis.postgres.database import Connection
from contracts import customer as events
from contracts.event import Envelope
from services.customer.employees import save_presence


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Save the presence of the employees of a batch. A known change is not saved again."""
    for envelope in envelopes:
        match envelope.event:
            case events.EmployeeLeft(employee_id=employee_id):
                await save_presence(held, employee_id, envelope.recorded_at, envelope.version)
            case events.EmployeeReturned(employee_id=employee_id):
                await save_presence(held, employee_id, None, envelope.version)
            case _:
                continue

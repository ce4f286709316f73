"""The read model of customers, leavers and tier schemes, from the customer service's topic."""

from collections.abc import Sequence
from typing import Any, get_args

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import customer as events
from contracts.event import Envelope
from services.followup.domain.customer_ref import CustomerRef, project
from services.followup.projection import tier_schemes

CONSUMER = "followup"

LEFT = """
    INSERT INTO leaver (employee_id, left_at) SELECT * FROM unnest($1::text[], $2::timestamptz[])
    ON CONFLICT (employee_id) DO UPDATE SET left_at = greatest(leaver.left_at, excluded.left_at)
"""
RETURNED = """
    INSERT INTO leaver (employee_id, left_at, returned_at)
    SELECT employee_id, '-infinity', at FROM unnest($1::text[], $2::timestamptz[]) AS returned (employee_id, at)
    ON CONFLICT (employee_id) DO UPDATE SET returned_at = greatest(leaver.returned_at, excluded.returned_at)
"""
CUSTOMERS = Rows("customer_ref", CustomerRef, "customer_id")
TABLES = ("customer_ref", "leaver", *tier_schemes.TABLES)
OWN = get_args(events.CustomerEvent)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch of customer events. The consumer calls this inside its own transaction."""
    own = [envelope for envelope in envelopes if isinstance(envelope.event, OWN)]
    rows = await CUSTOMERS.load(held, [envelope.subject for envelope in own])
    for envelope in own:
        rows[envelope.subject] = project(rows.get(envelope.subject), envelope)
    await CUSTOMERS.save(held, list(rows.values()))
    await keep_leavers(envelopes, held)
    await tier_schemes.apply(envelopes, held)


async def keep_leavers(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Store the employees who have left the company, or have returned, each with the latest time."""
    left = {who: each.occurred_at for each in envelopes if (who := leaver_of(each.event))}
    returned = {
        each.event.employee_id: each.occurred_at
        for each in envelopes
        if isinstance(each.event, events.EmployeeReturned)
    }
    if left:
        await held.execute(LEFT, list(left), list(left.values()))
    if returned:
        await held.execute(RETURNED, list(returned), list(returned.values()))


def leaver_of(event: object) -> str | None:
    """Return the employee who leaves by this event: as stated, or by the handover of all their customers."""
    match event:
        case events.EmployeeLeft(employee_id=employee_id):
            return employee_id
        case events.HandoverBatchStarted(leaves=True, from_owner_id=employee_id):
            return employee_id
        case _:
            return None

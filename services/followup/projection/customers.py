"""The read model of customers, from their topic. It is used for access rules and imports."""

from collections.abc import Sequence
from typing import Any, get_args

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import customer as events
from contracts.event import Envelope
from services.followup.domain.customer_ref import CustomerRef, project

CONSUMER = "followup"

LEFT = """
    INSERT INTO leaver (employee_id, left_at) SELECT * FROM unnest($1::text[], $2::timestamptz[])
    ON CONFLICT (employee_id) DO NOTHING
"""
CUSTOMERS = Rows("customer_ref", CustomerRef, "customer_id")
TABLES = ("customer_ref", "leaver")
OWN = get_args(events.CustomerEvent)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Apply a batch of customer events. The consumer calls this inside its own transaction."""
    own = [envelope for envelope in envelopes if isinstance(envelope.event, OWN)]
    rows = await CUSTOMERS.load(held, [envelope.subject for envelope in own])
    for envelope in own:
        rows[envelope.subject] = project(rows.get(envelope.subject), envelope)
    await CUSTOMERS.save(held, list(rows.values()))
    await keep_leavers(envelopes, held)


async def keep_leavers(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Store the employees who have left the company, as stated by the handover of all their customers."""
    left = {each.event.from_owner_id: each.occurred_at for each in envelopes if is_leaving(each.event)}
    if left:
        await held.execute(LEFT, list(left), list(left.values()))


def is_leaving(event: object) -> bool:
    return isinstance(event, events.HandoverBatchStarted) and event.leaves and event.from_owner_id is not None

"""Deletes the texts about an erased customer, and records the erasure, to be confirmed on a topic (ADR 0022)."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from chassis.consume import erasure_answers
from chassis.postgres.database import Connection
from chassis.store.erasure import Erasure, affected_rows, erase
from contracts.alerts import AlertCommented, AlertSnoozed
from contracts.cloudevents import type_of
from contracts.customer import ErasureEvent
from contracts.event import Envelope

WITH_TEXTS = [type_of(AlertCommented), type_of(AlertSnoozed)]
# The state of an event is JSON with the fields of the event under `data`.
DELETE_ON_ALERTS = """
    DELETE FROM vault WHERE id IN (
        SELECT coalesce(e.data ->> 'comment_ref', e.data ->> 'reason_ref')::uuid
        FROM (
            SELECT convert_from(state, 'UTF8')::jsonb -> 'data' AS data FROM event
            WHERE type = ANY($2) AND stream_id IN ({alerts})
        ) AS e
    )
"""
DELETE_CARRIED = DELETE_ON_ALERTS.format(
    alerts="""
        SELECT stream_id FROM event WHERE subject = $1
        UNION ALL SELECT alert_id FROM pending_change WHERE customer_id = $1
    """
)
DELETE_OF_ERASED = DELETE_ON_ALERTS.format(
    alerts="""
        SELECT alert.stream_id FROM event alert JOIN erasure ON erasure.subject = alert.subject
        WHERE alert.stream_id = ANY($1) AND erasure.person_id IS NULL
    """
)


async def receive(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    """Carry out the erasures among the events, in the consumer's transaction. It locks the store."""
    for each in envelopes:
        if isinstance(each.event, ErasureEvent):
            await erasure_answers.receive([(each.id, each.subject)], held, partial(deleted, each))


async def deleted(request: Envelope[ErasureEvent], held: Connection, customer_id: UUID) -> int:
    """Return how many texts were deleted: none for a key contact, whom no text of this service names."""
    person_id = getattr(request.event, "key_contact_id", None)
    entries = await erase(held, Erasure(customer_id, request.version, person_id)) or 0
    return entries if person_id else entries + await deleted_elsewhere(held, customer_id)


async def deleted_elsewhere(held: Connection, customer_id: UUID) -> int:
    """Delete the texts on alerts of the customer that were written while another customer had them."""
    return affected_rows(await held.execute(DELETE_CARRIED, customer_id, WITH_TEXTS))


async def delete_late_texts(held: Connection, alert_ids: Collection[UUID]) -> None:
    """Delete the texts on alerts of erased customers that were written after the erasure, before the alert had ended.

    A person may have begun to write one under another customer when the erasure was carried out.
    """
    await held.execute(DELETE_OF_ERASED, list(alert_ids), WITH_TEXTS)

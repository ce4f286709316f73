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
from contracts.customer import ErasureEvent, Merged
from contracts.event import Envelope

WITH_TEXTS = [type_of(AlertCommented), type_of(AlertSnoozed)]
# The texts on alerts that belong to a customer: the one that has the alert, after its stored changes, and the one whose
# item it concerns or, if there is none, under which it was raised. The state of an event is JSON with its fields under
# `data`.
DELETE_ON_ALERTS = """
    DELETE FROM vault WHERE id IN (
        WITH alert AS (SELECT DISTINCT alert_id FROM ({alerts}) AS found(alert_id)), belonging AS (
            SELECT alert_id, coalesce(
                (SELECT customer_id FROM pending_change p WHERE p.alert_id = alert.alert_id
                 ORDER BY number DESC LIMIT 1),
                (SELECT subject FROM event WHERE stream_id = alert.alert_id ORDER BY version DESC LIMIT 1)
            ) AS customer_id FROM alert
            UNION ALL
            SELECT alert_id, coalesce(
                (SELECT customer_id FROM fact
                 WHERE fact.stream_id = (convert_from(raised.state, 'UTF8')::jsonb -> 'data' ->> 'concerns_id')::uuid
                 ORDER BY position LIMIT 1),
                raised.subject
            ) FROM alert JOIN event raised ON raised.stream_id = alert_id AND raised.version = 1
        )
        SELECT coalesce(e.data ->> 'comment_ref', e.data ->> 'reason_ref')::uuid
        FROM (
            SELECT convert_from(state, 'UTF8')::jsonb -> 'data' AS data FROM event
            WHERE type = ANY($2) AND stream_id IN (SELECT alert_id FROM belonging WHERE customer_id IN ({customers}))
        ) AS e
    )
"""
# An alert about a task of a duplicate may be raised under the survivor, and end there.
DELETE_CARRIED = DELETE_ON_ALERTS.format(
    alerts="""
        SELECT stream_id FROM event WHERE subject = $1
        UNION ALL SELECT alert_id FROM pending_change WHERE customer_id = $1
        UNION ALL SELECT stream_id FROM event WHERE type = ANY($2) AND subject IN (
            SELECT (data ->> 'into_customer_id')::uuid FROM fact WHERE customer_id = $1 AND type = $3
        )
    """,
    customers="$1",
)
DELETE_OF_ERASED = DELETE_ON_ALERTS.format(
    alerts="SELECT unnest($1::uuid[])", customers="SELECT subject FROM erasure WHERE person_id IS NULL"
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
    """Delete the texts on alerts of the customer that were written while another customer had them.

    Those that were written under the customer on alerts of others are deleted with its own. The others stay.
    """
    return affected_rows(await held.execute(DELETE_CARRIED, customer_id, WITH_TEXTS, type_of(Merged)))


async def delete_late_texts(held: Connection, alert_ids: Collection[UUID]) -> None:
    """Delete the texts on alerts that belong to erased customers after their changes.

    Before the alert had ended, a person may have begun to write one under another customer, and stored it after the
    erasure was carried out.
    """
    await held.execute(DELETE_OF_ERASED, list(alert_ids), WITH_TEXTS)

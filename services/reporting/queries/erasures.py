"""Reads the statement of a customer's erasures."""

from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.visibility import ids_of
from chassis.store.erasure import Statement
from services.reporting.projection.erasures import HAS_A_NAME

# In the order of the certificate: first the customer's own erasures, then those of its duplicates.
RECEIVED = f"""
    SELECT h.erasure_id FROM erasure_received h WHERE h.subject = {ids_of("customer", "$1::uuid")}
    ORDER BY h.subject <> $1, h.subject, h.received_at, h.erasure_id
"""  # noqa: S608 - fixed text
NAMED = f"SELECT count(*) FROM customer c WHERE c.customer_id = {ids_of('customer', '$1::uuid')} AND {HAS_A_NAME}"  # noqa: S608


async def statement(held: Connection, customer_id: UUID) -> Statement:
    received = [row["erasure_id"] for row in await held.fetch(RECEIVED, customer_id)]
    entries: int = await held.fetchval(NAMED, customer_id)
    return Statement(service="reporting", customer_id=customer_id, received=received, entries=entries)

"""The customer of each number in another system."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import customer as events
from contracts.event import Envelope


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """`number_id` is derived from system and number."""

    number_id: UUID
    customer_id: UUID


REFERENCES = Rows("customer_reference", ReferenceRow, "number_id")
TABLES = ("customer_reference",)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    rows = {row.number_id: row for envelope in envelopes if (row := project(envelope))}
    await REFERENCES.save(held, list(rows.values()))


def project(envelope: Envelope[Any]) -> ReferenceRow | None:
    """Return the row of a number, from an event of the number's own stream."""
    match envelope.event:
        case events.Registered(external_id=str()) | events.ReferenceReserved():
            return ReferenceRow(envelope.stream_id, envelope.subject)
        case _:
            return None

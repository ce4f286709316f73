"""References to the important dates of key contacts. The dates themselves stay in the vault."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.postgres.database import Connection
from chassis.postgres.rows import Rows
from contracts import customer as events
from contracts.event import Envelope


@dataclass(frozen=True, slots=True)
class DatesRow:
    """`dates_ref` is absent if the key contact has no dates or was removed."""

    key_contact_id: UUID
    customer_id: UUID
    dates_ref: UUID | None


DATES = Rows("key_contact_dates", DatesRow, "key_contact_id")
TABLES = ("key_contact_dates",)


async def apply(envelopes: Sequence[Envelope[Any]], held: Connection) -> None:
    rows = {row.key_contact_id: row for envelope in envelopes if (row := project(envelope))}
    await DATES.save(held, list(rows.values()))


def project(envelope: Envelope[Any]) -> DatesRow | None:
    match envelope.event:
        case (
            events.KeyContactAdded(key_contact_id=key, dates_ref=ref)
            | events.KeyContactChanged(key_contact_id=key, dates_ref=ref)
        ):
            return DatesRow(key, envelope.subject, ref)
        case events.KeyContactRemoved(key_contact_id=key):
            return DatesRow(key, envelope.subject, None)
        case _:
            return None

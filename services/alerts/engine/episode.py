"""An open episode of a customer, as the memory keeps it. Its alert is in the store, with all that people read."""

from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

from contracts.alerts import AlertState

# The identity of an episode of one customer: rule, what it concerns, start.
Key: TypeAlias = tuple[str, UUID | None, datetime]


class Episode(Struct, frozen=True, array_like=True, gc=False):
    """An open episode.

    `owner_id` has to act. `origin` is the customer under which it was raised, if it was carried to another one.
    It is stored as an array: further fields go to the end.
    """

    alert_id: UUID
    rule_id: str
    silent_since: datetime
    starts_at: datetime
    concerns_id: UUID | None = None
    owner_id: str | None = None
    origin: UUID | None = None

    @property
    def key(self) -> Key:
        return self.rule_id, self.concerns_id, self.silent_since


def episode_of(alert: AlertState) -> Episode:
    return Episode(
        alert.alert_id,
        alert.rule_id,
        alert.silent_since,
        alert.starts_at,
        alert.concerns_id,
        alert.owner_id,
        alert.origin_customer_id,
    )

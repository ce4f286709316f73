"""Carries open alerts to the customers that hold them after a restore lost a merge, or the undoing of one.

The alerts were carried by events of this service, which the restored copy of another service does not know. Without
this, the evaluations of both customers would change the same alert.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from contracts.event import Metadata
from services.alerts.actor import ACTOR
from services.alerts.detection.memory import Memory
from services.alerts.detection.pending_changes import Caused
from services.alerts.engine.changes import Carrying
from services.alerts.engine.episode import Episode

# The open episodes of customers, by alert id.
OpenEpisodes = Mapping[UUID, Mapping[str, Episode]]


def carried_back(memories: Mapping[UUID, Memory], episodes: OpenEpisodes, now: datetime) -> Iterator[Caused]:
    """Yield a change for each open episode that is under another customer than the facts say.

    An alert of a customer whose registration was lost, too, stays where it is, and ends there at the next look.
    """
    items = {item.concerns_id: customer_id for customer_id, known in memories.items() for item in known.items}
    for customer_id, own in episodes.items():
        for episode in own.values():
            holder_id = items.get(episode.concerns_id) if episode.concerns_id else None
            holder_id = holder_id or holder_of(episode.origin or customer_id, memories)
            if holder_id and holder_id != customer_id and memories[holder_id].facts.registered:
                change = Carrying(episode, customer_id, holder_id, now, None)
                yield customer_id, change, Metadata(actor=ACTOR.name, correlation_id=str(episode.alert_id))


def holder_of(customer_id: UUID, memories: Mapping[UUID, Memory]) -> UUID | None:
    """Return the customer itself, or the one that it is merged into in the end; None if it is not known."""
    while (known := memories.get(customer_id)) and (into_id := known.facts.merged_into):
        customer_id = into_id
    return customer_id if known else None

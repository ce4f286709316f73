"""The events behind a stretch. They are looked up when an alert begins, or is explained. Pure."""

from uuid import UUID

from services.alerts.engine.facts import Facts
from services.alerts.engine.rings import causes_from
from services.alerts.engine.stretch import Stretch


def causes_of(facts: Facts, stretch: Stretch) -> tuple[UUID, ...]:
    """Return the ids of the events behind a stretch, oldest first."""
    if stretch.counts is None or stretch.measure is None:
        return (stretch.since.cause,)
    return tuple(causes_from(facts.rings, stretch.counts, stretch.since, stretch.measure.value))

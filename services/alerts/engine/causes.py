"""The events behind a stretch. They are looked up when an alert begins, or is explained. Pure."""

from uuid import UUID

from services.alerts.engine.facts import Facts
from services.alerts.engine.rings import occurrences
from services.alerts.engine.stretch import Stretch

ALL = slice(None)


def causes_of(facts: Facts, stretch: Stretch) -> tuple[UUID, ...]:
    """Return the ids of the events behind a stretch, oldest first."""
    if stretch.counts is None or stretch.measure is None:
        return (stretch.since.cause,)
    found = occurrences(facts.rings, stretch.counts, ALL)
    first = found.index(stretch.since)
    return tuple(each.cause for each in found[first : first + stretch.measure.value])

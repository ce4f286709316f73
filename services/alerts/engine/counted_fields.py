"""The fields of the events of each signal that an expression may name: codes, choices, numbers, true or false. Pure.

No free text, no name, and no id of an employee or of another person is among them.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from itertools import product
from typing import Any, Final, TypeAlias

from contracts import customer, followup
from contracts.event import Event
from services.alerts.engine.rings import HEARD, RingName

# The types are those of the contracts.
FIELDS: Final[Mapping[type[Event], Mapping[str, type]]] = {
    followup.ContactLogged: {
        "channel": followup.Channel,
        "direction": followup.Direction,
        "automated": bool,
        "purpose": str,
        "outcome": str,
        "sentiment": followup.Sentiment,
        "next_step": str,
    },
    followup.ComplaintRaised: {
        "channel": followup.Channel,
        "severity": followup.Severity,
        "topic": str,
        "category": str,
        "product": str,
        "intake": followup.Intake,
        "partner": str,
    },
    customer.OrderPlaced: {"amount_minor": int, "currency": str, "category": str, "external_system": str},
    customer.KeyContactChanged: {"role": str, "is_decision_maker": bool},
    customer.KeyContactRemoved: {},
    customer.QuoteCompared: {"competitor": str},
    customer.CompetitorSeen: {"competitor": str},
}
# The short name of the event, where a signal has several, such as key-contact-removed.
EVENT: Final = "event"


# The values of all variables of a signal, in their order.
Values: TypeAlias = tuple[Any, ...]


@cache
def variables_of(signal: RingName) -> Mapping[str, type]:
    """Return the names and types of what an expression about a signal may name."""
    return {name: str if issubclass(kind, StrEnum) else kind for name, kind in fields_of(signal).items()}


def fields_of(signal: RingName) -> Mapping[str, type]:
    """Return the same with the types of the contracts."""
    heard = HEARD[signal]
    found = {name: kind for event in heard for name, kind in FIELDS[event].items()}
    return {**found, EVENT: str} if len(heard) > 1 else found


def choices_of(signal: RingName) -> dict[str, tuple[str, ...]]:
    """Return the values of the variables that have only some."""
    fields = fields_of(signal)
    found = {name: tuple(map(str, kind)) for name, kind in fields.items() if issubclass(kind, StrEnum)}
    return {**found, EVENT: tuple(sorted(map(short_name, HEARD[signal])))} if EVENT in fields else found


def values_of(signal: RingName, event: Event) -> Values:
    """Return the values of `variables_of`. A field that an event does not have is "", 0 or false."""
    return tuple(
        short_name(type(event)) if name == EVENT else kind(getattr(event, name, None) or kind())
        for name, kind in variables_of(signal).items()
    )


def short_name(kind: type[Event]) -> str:
    """Return the name of an event without its service and version."""
    name: str = kind.model_fields["type"].default
    return name.split(".")[2]


def samples_of(signal: RingName) -> Iterator[Values]:
    """Yield the values of events with every choice, of which nothing else is known, or everything.

    The texts of the latter are also numbers.
    """
    for text in ("", "1"):
        yield from product(*(sample_values(kind, text) for kind in fields_of(signal).values()))


def sample_values(kind: Any, text: str) -> list[Any]:
    if issubclass(kind, StrEnum):
        return [*map(str, kind), *([] if text else [""])]
    return [kind(text) if text else kind()]

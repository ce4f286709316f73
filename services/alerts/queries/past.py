"""The state of one alert at a past instant, from its events.

Each event that raises the alert begins a round. What was known of a round is its last event recorded by then: from when
to when the alert was open, or that it was withdrawn. How it was handled is its last event that had occurred by then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chassis.http.as_of import AsOf
from contracts.alerts import AlertRaised, AlertWithdrawn, Status
from contracts.event import Envelope

Envelopes = Sequence[Envelope[Any]]


def state_at(envelopes: Envelopes, as_of: AsOf) -> Envelope[Any] | None:
    """Return the event that holds the state of an alert at an instant; None if it had not begun, or was withdrawn.

    `envelopes` are all events of the alert in the order of their versions. With the instant of recording only, it is
    the last event that was recorded by then.
    """
    recorded = [each for each in envelopes if as_of.recorded_by is None or each.recorded_at <= as_of.recorded_by]
    at = as_of.occurred_by
    if at is None:
        return recorded[-1] if recorded else None
    states = [found for each in rounds(recorded) if (found := state_of_round(each, at)) is not None]
    still_open = [each for each in states if each.event.status is not Status.RESOLVED]
    return next(reversed(still_open or states), None)


def rounds(envelopes: Envelopes) -> Iterator[Envelopes]:
    """Yield the events of each round."""
    begins = [index for index, each in enumerate(envelopes) if isinstance(each.event, AlertRaised)]
    for begin, end in zip(begins, [*begins, len(envelopes)][1:], strict=True):
        yield envelopes[begin:end]


def state_of_round(envelopes: Envelopes, at: datetime) -> Envelope[Any] | None:
    known = envelopes[-1]
    if isinstance(known.event, AlertWithdrawn) or known.event.starts_at > at:
        return None
    if known.event.ends_at and known.event.ends_at <= at:
        return known
    handled = [each for each in envelopes if each.occurred_at <= at and each.event.status is not Status.RESOLVED]
    # If the beginning moved to an earlier time, no event had occurred by then.
    return as_known(max(handled, key=lambda each: (each.occurred_at, each.version), default=envelopes[0]), known)


def as_known(state: Envelope[Any], known: Envelope[Any]) -> Envelope[Any]:
    """Return a state with the beginning that was known later."""
    beginning = {"silent_since": known.event.silent_since, "starts_at": known.event.starts_at}
    return replace(state, event=state.event.model_copy(update=beginning))

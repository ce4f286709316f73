"""A feature: the events of a signal for which an expression is true. A rule may count them. Pure.

An expression is CEL over the fields of one event, and knows no time, so what it says of an event never changes.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cache, lru_cache
from typing import Final, NamedTuple

from chassis.rules.expressions import Conditions, EvaluationError, ExpressionError
from contracts.event import Event
from contracts.field_error import FieldError
from services.alerts.engine.counted_fields import Values, choices_of, samples_of, values_of, variables_of
from services.alerts.engine.facts import Failed
from services.alerts.engine.rings import HEARD, SEPARATOR, RingName

# In force and in shadow: each has a ring in the memory of a customer.
MAX_FEATURES: Final = 20
# Of the hexadecimal digits of an expression's digest.
DIGITS: Final = 16
# Outcomes that are kept. Events of one signal often have the same codes.
KEPT: Final = 20_000


class Feature(NamedTuple):
    """`name` is that of its ring. It depends on nothing but the signal and the expression."""

    name: str
    signal: RingName
    expression: str


class Features(NamedTuple):
    """The features that are in use: their names in alphabetical order, and those that hear each type of event."""

    names: tuple[str, ...] = ()
    by_kind: Mapping[type[Event], tuple[Feature, ...]] = {}

    def without(self, names: Collection[str]) -> "Features":
        return features_of(each for own in self.by_kind.values() for each in own if each.name not in names)


class Outcome(NamedTuple):
    """Whether an event has a feature. With `failure`, this cannot be said, for this reason."""

    counts: bool
    failure: str | None = None


NO_FEATURES: Final = Features()


def feature_of(signal: RingName, expression: str) -> Feature:
    digest = hashlib.sha256(expression.encode()).hexdigest()[:DIGITS]
    return Feature(f"{signal}{SEPARATOR}{digest}", signal, expression)


def features_of(features: Iterable[Feature]) -> Features:
    known = {each.name: each for each in features}
    by_kind: dict[type[Event], list[Feature]] = defaultdict(list)
    for name in sorted(known):
        for kind in HEARD[known[name].signal]:
            by_kind[kind].append(known[name])
    return Features(tuple(sorted(known)), {kind: tuple(own) for kind, own in by_kind.items()})


@cache
def conditions_of(signal: RingName) -> Conditions:
    return Conditions(variables_of(signal), choices=choices_of(signal))


def check(signal: RingName, expression: str, place: str) -> None:
    """Raise FieldError with the place of the fault, unless this is an expression over the events of the signal."""
    try:
        conditions_of(signal).check(expression)
    except ExpressionError as error:
        raise FieldError(error.en, error.zh, place) from None


def outcome(feature: Feature, event: Event) -> Outcome:
    """Evaluate an expression that was checked, with an event of its signal."""
    return outcome_of(feature.signal, feature.expression, values_of(feature.signal, event))


@lru_cache(KEPT)
def outcome_of(signal: RingName, expression: str, values: Values) -> Outcome:
    """Evaluate an expression that was checked, with the values of `variables_of`."""
    named = dict(zip(variables_of(signal), values, strict=True))
    try:
        return Outcome(conditions_of(signal).evaluate(expression, named))
    except EvaluationError as error:
        return Outcome(counts=False, failure=str(error))


def failure_of_all(feature: Feature) -> str | None:
    """Return why an expression fails, if it fails on every sample of an event."""
    reason = None
    for values in samples_of(feature.signal):
        if not (reason := outcome_of(feature.signal, feature.expression, values).failure):
            return None
    return reason


def latest_failures(known: Mapping[str, Failed], other: Mapping[str, Failed]) -> dict[str, Failed]:
    """Return the later failure of each feature."""
    both = [*known.items(), *other.items()]
    return dict(sorted(both, key=lambda each: (each[1].event.at, each[1].event.cause)))

"""A fold: how an event changes the facts about a customer."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from contracts.event import Envelope, Event
from services.alerts.engine.facts import Facts
from services.alerts.engine.occurrence import Occurrence

Fold: TypeAlias = Callable[[Facts, Envelope[Any], Occurrence], Facts]
# The fold of each type of event that a theme hears.
Folds: TypeAlias = Mapping[type[Event], Fold]

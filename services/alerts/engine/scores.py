"""The measured scores of a customer that a rule may name: where each is kept, and which events change it. Pure."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Final, Literal, NamedTuple

from contracts.event import Event
from contracts.followup import SurveyAnswered
from services.alerts.engine.facts import Facts, Scored
from services.alerts.engine.words import Words

MAX_SCORES: Final = 8
ScoreName = Literal["satisfaction"]


class MeasuredScore(NamedTuple):
    """A score of 0 to 100. `kept` is how many values the memory keeps; `values` returns them, oldest first."""

    name: Words
    component: str
    hears: frozenset[type[Event]]
    kept: int
    values: Callable[[Facts], tuple[Scored, ...]]


SCORES: Final[Mapping[ScoreName, MeasuredScore]] = {
    "satisfaction": MeasuredScore(
        Words("satisfaction", "满意度"), "survey", frozenset({SurveyAnswered}), MAX_SCORES, attrgetter("scores")
    ),
}

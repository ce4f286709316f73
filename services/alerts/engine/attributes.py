"""The attributes of a customer, and conditions over them. Pure. `selection` says to which customers a rule applies.

A condition is CEL and knows no time, because nothing would tell when its result changes.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from chassis.rules.expressions import Conditions, EvaluationError, ExpressionError
from contracts import customer
from contracts.event import Event
from contracts.field_error import FieldError
from services.alerts.engine.facts import PROFILE, Facts
from services.alerts.engine.words import Words, evaluation_failed

# The attribute that only rules have which name segments.
SEGMENTS: Final = "segments"
VARIABLES: Final[Mapping[str, type]] = {
    "stage": str,
    "mode": str,
    "tier": str,
    "has_owner": bool,
    "tags": list,
    **dict.fromkeys(PROFILE, str),
    SEGMENTS: list,
}
# The values of the attributes that have only some.
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"stage": tuple(customer.Stage), "mode": tuple(customer.Mode)}
CONDITIONS: Final = Conditions(VARIABLES, choices=CHOICES)
# Outcomes that are kept. Few customers differ in all attributes that a condition may name.
KEPT: Final = 20_000
# The events that change an attribute.
EVENTS: frozenset[type[Event]] = frozenset(
    {
        customer.StageChanged,
        customer.TierChanged,
        customer.OwnerAssigned,
        customer.TagAdded,
        customer.TagRemoved,
        customer.ProfileChanged,
    }
)


class Attributes(NamedTuple):
    """What conditions may name. A text that is not known is empty; `mode` is empty for a lost customer.

    `segments` are those that contain the customer, of the segments that the condition names.
    """

    stage: str
    mode: str
    tier: str
    has_owner: bool
    tags: tuple[str, ...]
    profile: tuple[str, ...]
    segments: tuple[str, ...] = ()

    def values(self) -> dict[str, Any]:
        own = self._asdict() | {"tags": list(self.tags), SEGMENTS: list(self.segments)}
        return {
            **{name: own[name] for name in own if name != "profile"},
            **dict(zip(PROFILE, self.profile, strict=True)),
        }


class Outcome(NamedTuple):
    """Whether a rule applies. With `failure`, this cannot be said, for this reason."""

    applies: bool
    failure: Words | None = None


def attributes_of(facts: Facts) -> Attributes:
    profile = tuple(facts.profile.get(name, "") for name in PROFILE)
    return Attributes(
        str(facts.stage), str(facts.mode or ""), facts.tier or "", facts.owner_id is not None, facts.tags, profile
    )


@lru_cache(KEPT)
def outcome(condition: str, attributes: Attributes) -> Outcome:
    """Evaluate a condition that was checked."""
    try:
        return Outcome(CONDITIONS.evaluate(condition, attributes.values()))
    except EvaluationError as error:
        return Outcome(applies=False, failure=evaluation_failed(str(error)))


def checked(condition: str, check: Callable[[str], None] = CONDITIONS.check) -> str:
    """Return the condition. Raises FieldError with the place of the fault, if it is no condition over attributes."""
    try:
        check(condition)
    except ExpressionError as error:
        raise FieldError(error.en, error.zh) from None
    return condition

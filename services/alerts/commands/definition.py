"""The definition of a rule in a request. More is required than of a stored one, which must always be readable."""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import AfterValidator

from chassis.rules.expressions import Conditions, ExpressionError
from contracts.customer import Mode, Stage
from contracts.field_error import FieldError
from services.alerts.engine.attributes import CONDITIONS, Attributes, outcome
from services.alerts.engine.facts import PROFILE
from services.alerts.engine.features import conditions_of, failure_of_all
from services.alerts.engine.rule import RuleDefinition
from services.alerts.engine.selection import named_segments
from services.alerts.engine.shapes import Count
from services.alerts.engine.words import Words

# The most tags of a customer.
TAGS: Final = 50


def sample(stage: str, mode: str, text: str, tags: int) -> Attributes:
    """Return the attributes of a customer whose other texts are all `text`."""
    return Attributes(stage, mode, text, bool(text), (text,) * tags, (text,) * len(PROFILE))


# A customer of whom nothing is known, and customers of whom everything is: the text is also a number.
SAMPLES: Final = (sample("", "", "", 0), *(sample(stage, mode, "1", TAGS) for stage in Stage for mode in Mode))


def samples_of(condition: str) -> Iterator[Attributes]:
    """Yield samples of customers, outside and inside all segments that a condition names."""
    names = tuple(each.name for each in named_segments(condition))
    for each in SAMPLES:
        for within in {(), names}:
            yield each._replace(segments=within)


def written(definition: RuleDefinition) -> RuleDefinition:
    """Return the definition. Raises FieldError for what is refused only in an expression that somebody writes."""
    if definition.applies:
        check_written(definition.applies, CONDITIONS, "applies")
    count = definition.condition
    if isinstance(count, Count) and count.counts:
        check_written(count.counts, conditions_of(count.signal), "condition", "counts")
    return definition


def check_written(expression: str, conditions: Conditions, *place: str) -> None:
    try:
        conditions.check_new(expression)
    except ExpressionError as error:
        raise FieldError(error.en, error.zh, *place) from None


def evaluable(definition: RuleDefinition) -> RuleDefinition:
    """Return the definition. Raises FieldError if one of its expressions fails on every sample.

    Those of `applies` are SAMPLES, in segments or not. Those of `counts` are events of the signal.
    """
    found = [outcome(definition.applies, each) for each in samples_of(definition.applies)] if definition.applies else []
    if found and all(each.failure for each in found):
        why = found[-1].failure or Words("", "")
        raise FieldError(
            f"this condition fails on every customer: {why.en}", f"该条件不能用于任何客户：{why.zh}", "applies"
        )
    count = definition.condition
    if isinstance(count, Count) and count.feature and (reason := failure_of_all(count.feature)):
        raise FieldError(
            f"this expression fails on every event: {reason}",
            f"该表达式对任何事件都无法求值：{reason}",
            "condition",
            "counts",
        )
    return definition


Definition = Annotated[RuleDefinition, AfterValidator(written), AfterValidator(evaluable)]

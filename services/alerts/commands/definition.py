"""The definition of a rule in a request. More is required than of a stored one, which must always be readable."""

from typing import Annotated, Final

from pydantic import AfterValidator

from contracts.customer import Mode, Stage
from contracts.field_error import FieldError
from services.alerts.engine.attributes import Attributes, outcome
from services.alerts.engine.facts import PROFILE
from services.alerts.engine.rule import RuleDefinition
from services.alerts.engine.selection import named_segments

# The most tags of a customer.
TAGS: Final = 50


def sample(stage: str, mode: str, text: str, tags: int) -> Attributes:
    """Return the attributes of a customer whose other texts are all `text`."""
    return Attributes(stage, mode, text, bool(text), (text,) * tags, (text,) * len(PROFILE))


# A customer of whom nothing is known, and customers of whom everything is: the text is also a number.
SAMPLES: Final = (sample("", "", "", 0), *(sample(stage, mode, "1", TAGS) for stage in Stage for mode in Mode))


def evaluable(definition: RuleDefinition) -> RuleDefinition:
    """Return the definition. Raises FieldError if its condition fails on every one of SAMPLES, in segments or not."""
    if definition.applies is None:
        return definition
    names = tuple(each.name for each in named_segments(definition.applies))
    samples = (each._replace(segments=within) for each in SAMPLES for within in {(), names})
    found = [outcome(definition.applies, each) for each in samples]
    if all(each.failure for each in found):
        reason = found[-1].failure
        raise FieldError(
            f"this condition fails on every customer: {reason}", f"该条件对任何客户都无法求值：{reason}", "applies"
        )
    return definition


Definition = Annotated[RuleDefinition, AfterValidator(evaluable)]

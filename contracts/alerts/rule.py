"""Versions of alert rules (ADR 0036). They concern no customer: the subject is the rule."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from contracts.types import Code, Name
from contracts.version import Published

MAX_FIELDS = 20

# Why somebody did this: a short text for colleagues. It must not hold personal data, because events are kept for ever.
Reason = Name
# The complete rule as JSON; docs/rules.md describes the fields.
Definition = Annotated[dict[str, Any], Field(max_length=MAX_FIELDS)]


class Backlog(StrEnum):
    """What happens to that which is overdue already when a rule is published.

    `raise`: it is raised as usual. `digest`: it is raised, and delivered in a digest. `skip`: it is not raised.
    """

    RAISE = "raise"
    DIGEST = "digest"
    SKIP = "skip"


class RulePhase(StrEnum):
    """A draft is not in force. In shadow, a rule is detected and recorded, and delivered to nobody."""

    DRAFT = "draft"
    SHADOW = "shadow"
    PUBLISHED = "published"
    RETIRED = "retired"


class RuleDrafted(Published):
    """A draft of a rule was saved, or put into shadow. It replaces the draft before; `number` counts the drafts."""

    type: Literal["care.alert.rule-drafted.v1"] = "care.alert.rule-drafted.v1"
    name: Code
    phase: Literal[RulePhase.DRAFT, RulePhase.SHADOW]
    definition: Definition
    reason: Reason


class RulePublished(Published):
    """A version of a rule was published. It raises and ends alerts, and ends the shadow of the rule's draft."""

    type: Literal["care.alert.rule-published.v1"] = "care.alert.rule-published.v1"
    name: Code
    definition: Definition
    backlog: Backlog = Backlog.RAISE
    reason: Reason


class RuleRetired(Published):
    """A rule was retired, with the shadow of its draft. The alerts that it has open are cleared."""

    type: Literal["care.alert.rule-retired.v1"] = "care.alert.rule-retired.v1"
    name: Code
    reason: Reason


RuleVersion = RulePublished | RuleRetired
RuleEvent = RuleDrafted | RulePublished | RuleRetired

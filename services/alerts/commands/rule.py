"""The commands of alert rules, validated before they reach their deciders."""

from typing import Annotated, Any

from pydantic import Field

from chassis.commands.command import Command, RequestModel
from contracts.alerts import Backlog, Reason, RulePhase
from contracts.types import Code, Instant
from services.alerts.commands.definition import Definition

MAX_NUMBER = 10**9
MAX_TOKEN = 500

DraftNumber = Annotated[int, Field(strict=True, ge=1, le=MAX_NUMBER)]


class RuleContent(RequestModel):
    """A definition to validate or to preview."""

    definition: Definition


class RuleDraft(RequestModel):
    """A new draft. `reason` must not hold personal data."""

    definition: Definition
    reason: Reason


class RuleShadow(RequestModel):
    """Put the draft with this number into shadow. `reason` must not hold personal data."""

    draft: DraftNumber
    reason: Reason


class RulePublication(RequestModel):
    """Publish the draft with this number. `preview` comes from a preview of the same definition.

    `backlog` says what happens to that which is overdue already. `reason` must not hold personal data.
    """

    draft: DraftNumber
    preview: Annotated[str, Field(min_length=1, max_length=MAX_TOKEN)]
    backlog: Backlog
    reason: Reason


class RuleRetirement(RequestModel):
    """Retire a rule. `reason` must not hold personal data."""

    reason: Reason


class SaveDraft(Command):
    """Save a draft of a rule, or put it into shadow."""

    name: Code
    definition: dict[str, Any]
    phase: RulePhase
    reason: Reason
    at: Instant


class PublishRule(Command):
    """Publish a definition as the next version of a rule."""

    name: Code
    definition: dict[str, Any]
    backlog: Backlog
    reason: Reason
    at: Instant


class RetireRule(Command):
    """Retire a rule, also one that was only drafted."""

    name: Code
    reason: Reason
    at: Instant

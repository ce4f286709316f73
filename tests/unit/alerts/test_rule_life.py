"""The life of a rule: drafts, publications and retirements."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.alerts import Backlog, RuleDrafted, RulePhase, RulePublished, RuleRetired
from contracts.event import Event
from services.alerts.commands import PublishRule, RetireRule, SaveDraft
from services.alerts.domain.rule import RULE, RULE_DRAFT, SHIPPED
from tests.support.spec import Spec

AT = datetime(2026, 1, 5, tzinfo=UTC)
DEFINITION: dict[str, Any] = {"title": {"en": "A", "zh": "甲"}}
OTHER: dict[str, Any] = {"title": {"en": "B", "zh": "乙"}}


def publish(definition: dict[str, Any] = DEFINITION, name: str = "calls", reason: str = "Why") -> PublishRule:
    return PublishRule(name=name, definition=definition, backlog=Backlog.SKIP, reason=reason, at=AT)


def published(number: int, definition: dict[str, Any] = DEFINITION, name: str = "calls") -> RulePublished:
    return RulePublished(number=number, name=name, definition=definition, backlog=Backlog.SKIP, reason="Why")


def retired(number: int, name: str = "calls") -> RuleRetired:
    return RuleRetired(number=number, name=name, reason="Why")


def retire(name: str = "calls") -> RetireRule:
    return RetireRule(name=name, reason="Why", at=AT)


def draft(phase: RulePhase = RulePhase.DRAFT, definition: dict[str, Any] = DEFINITION) -> SaveDraft:
    return SaveDraft(name="calls", definition=definition, phase=phase, reason="Why", at=AT)


def drafted(number: int, phase: RulePhase = RulePhase.DRAFT, definition: dict[str, Any] = DEFINITION) -> RuleDrafted:
    return RuleDrafted.model_validate(
        {"number": number, "name": "calls", "phase": phase, "definition": definition, "reason": "Why"}
    )


@pytest.mark.parametrize(
    ("given", "command", "then"),
    [
        ([], publish(), [published(1)]),
        ([published(1)], publish(OTHER), [published(2, OTHER)]),
        ([published(1)], publish(reason="Another"), []),
        ([published(1)], retire(), [retired(2)]),
        ([published(1), retired(2)], retire(), []),
        ([published(1), retired(2)], publish(), [published(3)]),
        ([], retire(), [retired(1)]),
        ([], retire("inactivity"), [retired(2, "inactivity")]),
        ([], publish(SHIPPED["inactivity"].definition, "inactivity"), []),
        ([retired(2, "inactivity")], publish(OTHER, "inactivity"), [published(3, OTHER, "inactivity")]),
    ],
)
def test_versions_of_a_rule(given: list[Event], command: Any, then: list[Event]) -> None:
    Spec(RULE.decider).given(*given).when(command).then(*then)


@pytest.mark.parametrize(
    ("given", "command", "then"),
    [
        ([], draft(), [drafted(1)]),
        ([drafted(1)], draft(), []),
        ([drafted(1)], draft(RulePhase.SHADOW), [drafted(2, RulePhase.SHADOW)]),
        ([drafted(1), drafted(2, RulePhase.SHADOW)], draft(RulePhase.SHADOW), []),
        ([drafted(1), drafted(2, RulePhase.SHADOW)], draft(definition=OTHER), [drafted(3, definition=OTHER)]),
    ],
)
def test_drafts_of_a_rule(given: list[Event], command: Any, then: list[Event]) -> None:
    Spec(RULE_DRAFT.decider).given(*given).when(command).then(*then)

"""What the service ships with, as one list: rules and definitions, each with its parameters and texts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contracts.alerts import LadderPublished
from services.alerts.engine.contact_definition import HUMAN_CONTACT
from services.alerts.engine.rule import Rule
from services.alerts.engine.sentences import sentence
from services.alerts.engine.words import Words
from services.alerts.shipped.ladders import LADDERS
from services.alerts.shipped.quiet_hours import QUIET_HOURS
from services.alerts.shipped.rules import DEFAULT_RULES

RULE, CONTACT_DEFINITION, LADDER, QUIET = "rule", "contact-definition", "ladder", "quiet-hours"
HUMAN_CONTACT_TEXTS = {"title": Words("What counts as a contact by a person", "人工联系的认定标准")}

LADDER_TEXTS = {"title": Words("Who is reminded of an open alert, and when", "未解除的预警提醒谁、何时提醒")}
QUIET_TEXTS = {"title": Words("When alerts are delivered later", "何时推迟发送预警")}


@dataclass(frozen=True, slots=True)
class Shipped:
    """A shipped definition. `shape` is that of a rule; `parameters` are what can be set, `texts` what people read."""

    kind: str
    id: str
    version: int
    shape: str | None
    parameters: dict[str, Any]
    texts: dict[str, Words]


def shipped() -> Iterator[Shipped]:
    """Yield everything that is shipped, by kind."""
    yield from map(shipped_rule, DEFAULT_RULES.rules)
    parameters = HUMAN_CONTACT.model_dump(mode="json", exclude={"type", "number", "effective_from", "reason"})
    yield Shipped(CONTACT_DEFINITION, "human-contact", HUMAN_CONTACT.number, None, parameters, HUMAN_CONTACT_TEXTS)
    yield from map(shipped_ladder, LADDERS.values())
    parameters = QUIET_HOURS.model_dump(mode="json", include={"calendar", "windows", "ignored_by"})
    yield Shipped(QUIET, "default", QUIET_HOURS.number, None, parameters, QUIET_TEXTS)


def shipped_ladder(ladder: LadderPublished) -> Shipped:
    parameters = ladder.model_dump(mode="json", include={"calendar", "rungs"})
    return Shipped(LADDER, ladder.severity, ladder.number, None, parameters, LADDER_TEXTS)


def shipped_rule(rule: Rule) -> Shipped:
    parameters = rule.condition.model_dump(mode="json", exclude={"shape"}, exclude_none=True)
    severities = {tier: str(severity) for tier, severity in rule.severities.items()}
    texts = {"title": rule.title, "description": rule.description or sentence(rule)}
    return Shipped(RULE, rule.id, rule.version, rule.condition.shape, parameters | {"severities": severities}, texts)

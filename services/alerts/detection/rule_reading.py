"""Reads the stored definition of a rule. One that this build refuses gives a rule that fails on every customer."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from chassis.http.field_errors import invalid_field, without_tags
from contracts.alerts import AlertSeverity, RuleDrafted, RulePublished
from contracts.customer import Mode
from contracts.types import FORBIDDEN, MAX_NAME
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rule import Rule, RuleDefinition
from services.alerts.engine.shapes import Silence
from services.alerts.engine.signals import CONTACT
from services.alerts.engine.tiers import MAX_DAYS, OTHERS
from services.alerts.engine.unreadable import Unreadable
from services.alerts.engine.words import Words

TITLE: TypeAdapter[Words] = TypeAdapter(Words)
# It is never evaluated, because the condition over attributes fails before it.
UNUSED: Final = Silence(signals=(CONTACT,), days={Mode.FOLLOW_UP: {OTHERS: MAX_DAYS}})
FAILING: Final = "true"


def rule_of(event: RulePublished | RuleDrafted, published: Occurrence | None = None) -> Rule:
    """Return a version or a draft as a rule; it is `unreadable` if this build refuses the definition."""
    backlog = event.backlog if isinstance(event, RulePublished) and published else None
    others = {"id": event.name, "version": event.number, "published": published, "backlog": backlog}
    try:
        # The definition of a later build may have fields of other meanings than those of a rule.
        RuleDefinition.model_validate(event.definition)
        return Rule(**event.definition, **others)
    except ValidationError as error:
        fault = fault_of(error, event.definition)
    return Rule(
        title=title_of(event),
        severities={OTHERS: AlertSeverity.WARNING},
        condition=UNUSED,
        applies=FAILING,
        unreadable=Unreadable(definition=event.definition, fault=fault),
        **others,
    )


def title_of(event: RulePublished | RuleDrafted) -> Words:
    try:
        return TITLE.validate_python(event.definition.get("title"))
    except ValidationError:
        return Words(event.name, event.name)


def fault_of(error: ValidationError, definition: Mapping[str, Any]) -> Words:
    """Return the first fault of a definition, with its field. The values are not repeated."""
    found = invalid_field(error.errors()[0])
    field = ".".join(map(str, without_tags(found.location, definition)))
    en, zh = f"this version refuses the definition: {field}: {found.en}", f"当前版本不接受该定义：{field}：{found.zh}"
    return Words(*(FORBIDDEN.sub("\ufffd", each)[:MAX_NAME] for each in (en, zh)))

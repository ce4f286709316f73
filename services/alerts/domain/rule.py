"""The life of a rule: drafts, of which the latest may be in shadow, and versions, of which the latest is in force.

A rule is published and retired in one stream, and drafted in another one, so that a new draft leaves the version in
force as it is. A publication or a retirement that is recorded later ends the shadow of a draft.
"""

from collections.abc import Mapping
from typing import Any

from chassis.versions.decider import FIRST_NUMBER, Kind, Publish, Timeline
from contracts.alerts import RuleDrafted, RulePublished, RuleRetired, RuleVersion
from services.alerts.commands.rule import PublishRule, RetireRule, SaveDraft
from services.alerts.shipped.rules import DEFAULT_RULES

SHIPPED: Mapping[str, RulePublished] = {
    rule.id: RulePublished(
        number=rule.version, name=rule.id, definition=rule.definition, reason="Shipped with the product"
    )
    for rule in DEFAULT_RULES.rules
}


def draft(timeline: Timeline[RuleDrafted], command: SaveDraft) -> list[RuleDrafted]:
    """Save the draft, unless the latest one has the same definition and phase."""
    known = timeline.versions[-1:]
    if known and (known[0].definition, known[0].phase) == (command.definition, command.phase):
        return []
    fields: dict[str, Any] = dict(command) | {"number": FIRST_NUMBER}
    return RULE_DRAFT.publish(timeline, Publish(version=RuleDrafted.model_validate(fields), at=command.at))


def publish_or_retire(timeline: Timeline[RuleVersion], command: PublishRule | RetireRule) -> list[RuleVersion]:
    """Publish the next version, unless the latest one has the same definition; or retire the rule, once."""
    known = RULE.known(timeline, command.name)
    latest = known[-1] if known else None
    if is_so(latest, command):
        return []
    fields: dict[str, Any] = dict(command) | {"number": FIRST_NUMBER}
    event = RulePublished if isinstance(command, PublishRule) else RuleRetired
    return RULE.publish(timeline, Publish(version=event.model_validate(fields), at=command.at))


def is_so(latest: RuleVersion | None, command: PublishRule | RetireRule) -> bool:
    """Return whether the command changes nothing."""
    if isinstance(command, RetireRule):
        return isinstance(latest, RuleRetired)
    return isinstance(latest, RulePublished) and latest.definition == command.definition


RULE: Kind[RuleVersion] = Kind(("rule",), name_field="name", shipped=SHIPPED, decide_other=publish_or_retire)
RULE_DRAFT: Kind[RuleDrafted] = Kind(("rule-draft",), name_field="name", decide_other=draft)

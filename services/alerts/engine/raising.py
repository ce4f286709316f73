"""The alert of an episode that begins."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from contracts.alerts import AlertRaised, Backlog, Delivery, Unit
from services.alerts.engine.causes import causes_of
from services.alerts.engine.facts import Facts
from services.alerts.engine.findings import Finding, alert_id_of
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.stretch import Measure

REQUIRED: Final[dict[str, Any]] = dict.fromkeys(
    name for name, field in AlertRaised.model_fields.items() if field.is_required()
)
# The defaults of an alert, in the order of its fields, and nothing in those that are required.
BLANK: Final = AlertRaised.model_construct(**REQUIRED)


def raise_alert(customer_id: UUID, facts: Facts, finding: Finding, rules: RuleBook, instant: datetime) -> AlertRaised:
    """Return the event of an alert.

    It is not validated, which would take a third longer: its parts come from events and rules that were, and the
    lengths of its texts follow from theirs.
    """
    rule, stretch, dedup_key = finding.rule, finding.stretch, finding.dedup_key(customer_id)
    is_backlog = finding.is_backlog
    words = rule.condition.words(rule.title, facts, stretch, rules.zone, instant)
    measure = stretch.measure or Measure(
        int((instant - stretch.since.at).total_seconds()), int(stretch.threshold.total_seconds()), Unit.SECONDS
    )
    parts: dict[str, Any] = {
        "alert_id": alert_id_of(dedup_key),
        "dedup_key": dedup_key,
        "severity": rule.severity(facts.tier),
        "rule_id": rule.id,
        "rule_version": rule.version,
        "summary": words.en,
        "summary_zh": words.zh,
        "silent_since": stretch.since.at.astimezone(UTC),
        "starts_at": stretch.due_at.astimezone(UTC),
        "updated_at": instant.astimezone(UTC),
        "value": measure.value,
        "threshold": measure.threshold,
        "unit": measure.unit,
        "owner_id": stretch.employee_id,
        "customer_owner_id": facts.owner_id,
        "leader_id": facts.leader_id,
        "customer_name": facts.name,
        "component": str(stretch.component),
        "labels": labels(facts),
        "links": (f"/v1/customers/{customer_id}",),
        "concerns_id": stretch.concerns_id,
        "delivery": Delivery.DIGEST if is_backlog and rule.backlog is Backlog.DIGEST else Delivery.AT_ONCE,
        "care": rule.care.request(facts, instant) if rule.care else None,
        "causes": (*causes_of(facts, stretch), *publication(rule)) if is_backlog else causes_of(facts, stretch),
    }
    return BLANK.model_copy(update=parts)


def publication(rule: Rule) -> tuple[UUID, ...]:
    """Return the event that published the rule, or a segment that it names."""
    return (rule.changed.cause,) if rule.changed else ()


def labels(facts: Facts) -> dict[str, str]:
    found = {"stage": str(facts.stage), "mode": str(facts.mode or ""), "tier": facts.tier or ""}
    return {name: value for name, value in found.items() if value}

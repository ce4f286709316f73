"""The alert of an episode that begins."""

from datetime import datetime
from uuid import UUID

from contracts.alerts import AlertRaised, Backlog, Delivery, Unit
from services.alerts.engine.causes import causes_of
from services.alerts.engine.facts import Facts
from services.alerts.engine.findings import Finding, alert_id_of
from services.alerts.engine.rule import Rule
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.stretch import Measure


def raise_alert(customer_id: UUID, facts: Facts, finding: Finding, rules: RuleBook, instant: datetime) -> AlertRaised:
    rule, stretch, dedup_key = finding.rule, finding.stretch, finding.dedup_key(customer_id)
    is_backlog = finding.is_backlog
    words = rule.condition.words(rule.title, facts, stretch, rules.zone, instant)
    measure = stretch.measure or Measure(
        int((instant - stretch.since.at).total_seconds()), int(stretch.threshold.total_seconds()), Unit.SECONDS
    )
    return AlertRaised(
        alert_id=alert_id_of(dedup_key),
        dedup_key=dedup_key,
        severity=rule.severity(facts.tier),
        rule_id=rule.id,
        rule_version=rule.version,
        summary=words.en,
        summary_zh=words.zh,
        silent_since=stretch.since.at,
        starts_at=stretch.due_at,
        updated_at=instant,
        value=measure.value,
        threshold=measure.threshold,
        unit=measure.unit,
        owner_id=stretch.employee_id,
        customer_owner_id=facts.owner_id,
        leader_id=facts.leader_id,
        customer_name=facts.name,
        component=stretch.component,
        labels=labels(facts),
        links=(f"/v1/customers/{customer_id}",),
        concerns_id=stretch.concerns_id,
        delivery=Delivery.DIGEST if is_backlog and rule.backlog is Backlog.DIGEST else Delivery.AT_ONCE,
        care=rule.care.request(facts, instant) if rule.care else None,
        causes=(*causes_of(facts, stretch), *publication(rule)) if is_backlog else causes_of(facts, stretch),
    )


def publication(rule: Rule) -> tuple[UUID, ...]:
    """Return the event that published the rule, or a segment that it names."""
    return (rule.changed.cause,) if rule.changed else ()


def labels(facts: Facts) -> dict[str, str]:
    found = {"stage": str(facts.stage), "mode": str(facts.mode or ""), "tier": facts.tier or ""}
    return {name: value for name, value in found.items() if value}

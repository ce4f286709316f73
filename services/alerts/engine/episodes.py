"""Turns findings into alert events: each episode is raised once and ended once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.alerts import AlertCleared, AlertEvent, AlertRaised, AlertWithdrawn
from services.alerts.engine.facts import Facts, Occurrence, with_absorbed, without_settled
from services.alerts.engine.findings import NEVER_DUE, Finding, find
from services.alerts.engine.rules import RuleBook
from services.alerts.engine.wording import summary, summary_zh


@dataclass(frozen=True, slots=True)
class CustomerState:
    """The facts about one customer, and its open alerts."""

    facts: Facts = field(default_factory=Facts)
    open: dict[str, AlertRaised] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of an evaluation: the new state, the events, and the earliest time of the next evaluation."""

    state: CustomerState
    events: Sequence[AlertEvent]
    next_due_at: datetime


def evaluate(
    customer_id: UUID,
    state: CustomerState,
    rules: RuleBook,
    instant: datetime,
    *,
    raising: bool,
    now: datetime | None = None,
) -> Evaluation:
    """Compare the findings with the open alerts at `instant`.

    Ending an alert needs only the facts. Raising one states that nothing happened, so the facts must be complete up to
    `instant`: `raising` says whether they are. If `instant` is behind the clock, `now` is the clock. Open alerts are
    compared at `now`; otherwise an evaluation would end an alert that an event has just left open.
    """
    facts = with_absorbed(state.facts)
    findings = {str(finding.alert_id(customer_id)): finding for finding in find(facts, rules)}
    ended = [end(alert, findings.get(key), facts, now or instant) for key, alert in state.open.items()]
    endings = [event for event in ended if event is not None]
    still_open = {
        key: alert for key, alert in state.open.items() if key not in {str(event.alert_id) for event in endings}
    }
    waiting = {key: finding for key, finding in findings.items() if finding.settled is None and key not in still_open}
    raised: list[AlertRaised] = []
    if raising and not is_quiet(facts, instant):
        raised = [raise_alert(customer_id, facts, f, rules, instant) for f in waiting.values() if f.due_at <= instant]
    now_open = {**still_open, **{str(event.alert_id): event for event in raised}}
    dues = [finding.due_at for key, finding in waiting.items() if key not in now_open]
    return Evaluation(
        state=CustomerState(without_settled(state.facts), now_open),
        events=[*endings, *raised],
        next_due_at=after_quiet(facts, min(dues, default=NEVER_DUE)),
    )


def is_quiet(facts: Facts, instant: datetime) -> bool:
    return facts.quiet_until is not None and instant < facts.quiet_until


def after_quiet(facts: Facts, due_at: datetime) -> datetime:
    return max(due_at, facts.quiet_until) if facts.quiet_until else due_at


def end(alert: AlertRaised, finding: Finding | None, facts: Facts, instant: datetime) -> AlertEvent | None:
    """Return the event that ends an open alert, or None if its episode continues.

    An occurrence before the start of the alert, recorded late, withdraws it. A later occurrence clears it. So does a
    change that allows more time: a new tier or mode, a new target, a pause.
    """
    if finding is not None and finding.settled is None and finding.due_at <= instant:
        return None
    by = finding.settled if finding else ended_by(alert, facts)
    ends_at = by.at if by else instant
    kind = AlertWithdrawn if ends_at <= alert.starts_at else AlertCleared
    fields: dict[str, Any] = alert.model_dump(exclude={"type", "status"})
    causes = (*alert.causes, by.cause) if by else alert.causes
    return kind(**{**fields, "ends_at": max(ends_at, alert.silent_since), "updated_at": instant, "causes": causes})


def ended_by(alert: AlertRaised, facts: Facts) -> Occurrence | None:
    """Return what ended an episode: the customer's erasure, another contact, or the customer leaving every mode.

    A contact that was recorded late may be earlier than the registration from which the silence was counted.
    Alerts of a duplicate end when it is merged.
    """
    if facts.erased:
        return facts.erased
    if facts.merged:
        return facts.merged
    contact = facts.latest_contact
    if contact and contact.at != alert.silent_since:
        return contact
    return facts.stage_since


def raise_alert(customer_id: UUID, facts: Facts, finding: Finding, rules: RuleBook, instant: datetime) -> AlertRaised:
    return AlertRaised(
        alert_id=finding.alert_id(customer_id),
        dedup_key=finding.dedup_key(customer_id),
        severity=finding.severity,
        rule_id=finding.rule.id,
        rule_version=finding.rule.version,
        summary=summary(facts, finding, rules.zone, instant),
        summary_zh=summary_zh(facts, finding, rules.zone, instant),
        silent_since=finding.since.at,
        starts_at=finding.due_at,
        updated_at=instant,
        value=int((instant - finding.since.at).total_seconds()),
        threshold=int(finding.threshold.total_seconds()),
        owner_id=finding.employee_id,
        customer_owner_id=facts.owner_id,
        leader_id=facts.leader_id,
        customer_name=facts.name,
        component=finding.component,
        labels=labels(facts),
        links=(f"/v1/customers/{customer_id}",),
        concerns_id=finding.concerns_id,
        causes=(finding.since.cause,),
    )


def labels(facts: Facts) -> dict[str, str]:
    found = {"stage": str(facts.stage), "mode": str(facts.mode or ""), "tier": facts.tier or ""}
    return {name: value for name, value in found.items() if value}

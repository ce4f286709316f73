"""Turns findings into alerts: each episode is raised once and ended once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from contracts.alerts import AlertCleared, AlertRaised, AlertState, AlertWithdrawn, Backlog, Delivery
from services.alerts.engine.facts import Facts, with_absorbed, without_settled
from services.alerts.engine.findings import Finding, Key, find
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.rule import RuleBook
from services.alerts.engine.stretch import NEVER_DUE


@dataclass(frozen=True, slots=True)
class Episode:
    """An open episode. Its alert is in the store, with all that people read about it."""

    alert_id: UUID
    rule_id: str
    silent_since: datetime
    starts_at: datetime
    concerns_id: UUID | None = None

    @property
    def key(self) -> Key:
        return self.rule_id, self.concerns_id, self.silent_since


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of an episode. `cause` is the event that ended it; None if a change allows more time."""

    episode: Episode
    kind: type[AlertCleared | AlertWithdrawn]
    ends_at: datetime
    updated_at: datetime
    cause: UUID | None

    @property
    def alert_id(self) -> UUID:
        return self.episode.alert_id

    def event(self, alert: AlertState) -> AlertCleared | AlertWithdrawn:
        """Return the event that ends the alert, whose state was `alert`."""
        fields = alert.model_dump(exclude={"type", "status"})
        causes = (*alert.causes, self.cause) if self.cause else alert.causes
        return self.kind(**{**fields, "ends_at": self.ends_at, "updated_at": self.updated_at, "causes": causes})


Change: TypeAlias = AlertRaised | Ending


@dataclass(frozen=True, slots=True)
class CustomerState:
    """The facts about one customer, and its open episodes by alert id."""

    facts: Facts = field(default_factory=Facts)
    open: dict[str, Episode] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of an evaluation: the new state, the changes, and the earliest time of the next evaluation."""

    state: CustomerState
    changes: Sequence[Change]
    next_due_at: datetime


def evaluate(
    customer_id: UUID,
    state: CustomerState,
    rules: RuleBook,
    instant: datetime,
    *,
    raising: bool,
    now: datetime | None = None,
    rules_changed: bool = False,
) -> Evaluation:
    """Compare the findings with the open alerts at `instant`.

    Ending an alert needs only the facts. Raising one states that nothing happened, so the facts must be complete up to
    `instant`: `raising` says whether they are. If `instant` is behind the clock, `now` is the clock. Open alerts are
    compared at `now`; otherwise an evaluation would end an alert that an event has just left open. With
    `rules_changed`, nothing but the rules has changed since the last evaluation, so alerts end because of that.
    """
    facts = with_absorbed(state.facts)
    findings = {finding.key: finding for finding in find(facts, rules)}
    ended = [end(each, findings.get(each.key), facts, rules, now or instant) for each in state.open.values()]
    endings = [because_of_rules(each, rules, rules_changed=rules_changed) for each in ended if each is not None]
    closed = {ending.alert_id for ending in endings}
    still_open = {key: episode for key, episode in state.open.items() if episode.alert_id not in closed}
    known = {episode.key for episode in still_open.values()}
    waiting = [each for each in findings.values() if each.is_awaited and each.key not in known]
    raised: list[AlertRaised] = []
    if raising and not is_quiet(facts, instant):
        raised = [raise_alert(customer_id, facts, each, rules, instant) for each in waiting if each.due_at <= instant]
        waiting = [each for each in waiting if each.due_at > instant]
    now_open = {**still_open, **{str(alert.alert_id): episode_of(alert) for alert in raised}}
    return Evaluation(
        state=CustomerState(without_settled(state.facts), now_open),
        changes=[*endings, *raised],
        next_due_at=after_quiet(facts, min((each.due_at for each in waiting), default=NEVER_DUE)),
    )


def is_quiet(facts: Facts, instant: datetime) -> bool:
    return facts.quiet_until is not None and instant < facts.quiet_until


def after_quiet(facts: Facts, due_at: datetime) -> datetime:
    return max(due_at, facts.quiet_until) if facts.quiet_until else due_at


def episode_of(alert: AlertRaised) -> Episode:
    return Episode(alert.alert_id, alert.rule_id, alert.silent_since, alert.starts_at, alert.concerns_id)


def end(episode: Episode, finding: Finding | None, facts: Facts, rules: RuleBook, instant: datetime) -> Ending | None:
    """Return how an open episode ends, or None if it continues.

    An occurrence before the start of the alert, recorded late, withdraws it. A later occurrence clears it. So does a
    change that allows more time: a new tier or mode, a new target, a pause.
    """
    if finding is not None and finding.settled is None and finding.due_at <= instant:
        return None
    by = finding.settled if finding else ended_by(episode, facts, rules)
    ends_at = by.at if by else instant
    kind = AlertWithdrawn if ends_at <= episode.starts_at else AlertCleared
    return Ending(episode, kind, max(ends_at, episode.silent_since), instant, by.cause if by else None)


def because_of_rules(ending: Ending, rules: RuleBook, *, rules_changed: bool) -> Ending:
    """Return the ending with the event that published or retired its rule as the cause, if that ended it."""
    changed = rules.changed(ending.episode.rule_id)
    if changed is None or changed.at < ending.episode.starts_at:
        return ending
    is_retired = ending.episode.rule_id in rules.retired
    if not rules_changed and (ending.cause or not is_retired):
        return ending
    return replace(ending, kind=AlertCleared, ends_at=ending.updated_at, cause=changed.cause)


def ended_by(episode: Episode, facts: Facts, rules: RuleBook) -> Occurrence | None:
    """Return what ended an episode: the customer's erasure or merge, or what its rule says.

    A contact that was recorded late may be earlier than the registration from which the silence was counted.
    """
    if facts.erased or facts.merged:
        return facts.erased or facts.merged
    rule = rules.rule(episode.rule_id)
    return rule.condition.ended_by(facts, episode.silent_since) if rule else None


def raise_alert(customer_id: UUID, facts: Facts, finding: Finding, rules: RuleBook, instant: datetime) -> AlertRaised:
    rule, stretch = finding.rule, finding.stretch
    words = rule.condition.words(rule.title, facts, stretch, rules.zone, instant)
    return AlertRaised(
        alert_id=finding.alert_id(customer_id),
        dedup_key=finding.dedup_key(customer_id),
        severity=rule.severity(facts.tier),
        rule_id=rule.id,
        rule_version=rule.version,
        summary=words.en,
        summary_zh=words.zh,
        silent_since=stretch.since.at,
        starts_at=stretch.due_at,
        updated_at=instant,
        value=int((instant - stretch.since.at).total_seconds()),
        threshold=int(stretch.threshold.total_seconds()),
        owner_id=stretch.employee_id,
        customer_owner_id=facts.owner_id,
        leader_id=facts.leader_id,
        customer_name=facts.name,
        component=stretch.component,
        labels=labels(facts),
        links=(f"/v1/customers/{customer_id}",),
        concerns_id=stretch.concerns_id,
        delivery=Delivery.DIGEST if finding.is_backlog and rule.backlog is Backlog.DIGEST else Delivery.AT_ONCE,
        causes=(stretch.since.cause, *((rule.published.cause,) if rule.published and finding.is_backlog else ())),
    )


def labels(facts: Facts) -> dict[str, str]:
    found = {"stage": str(facts.stage), "mode": str(facts.mode or ""), "tier": facts.tier or ""}
    return {name: value for name, value in found.items() if value}

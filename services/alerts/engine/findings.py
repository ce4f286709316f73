"""Applies the rules to a customer's facts: periods of silence, each with its due time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from contracts.alerts import AlertSeverity
from services.alerts.engine.facts import Facts, Occurrence, Owed
from services.alerts.engine.rules import Rule, RuleBook, UnansweredComplaint

NEVER_DUE = datetime(9000, 1, 1, tzinfo=UTC)
NAMESPACE = UUID("6f1c1a52-7a0e-4a58-9f6a-2b8f3f7a9c11")


@dataclass(frozen=True, slots=True)
class Finding:
    """One episode. Its identity is (rule, customer, `concerns_id`, start)."""

    rule: Rule
    severity: AlertSeverity
    component: str
    since: Occurrence
    threshold: timedelta
    employee_id: str | None
    concerns_id: UUID | None = None
    settled: Occurrence | None = None

    @property
    def due_at(self) -> datetime:
        """The instant at which the silence exceeds the threshold."""
        return self.since.at + self.threshold

    def dedup_key(self, customer_id: UUID) -> str:
        return f"{self.rule.id}:{customer_id}:{self.concerns_id or '-'}:{self.since.at:%Y%m%dT%H%M%S.%fZ}"

    def alert_id(self, customer_id: UUID) -> UUID:
        return uuid5(NAMESPACE, self.dedup_key(customer_id))


def find(facts: Facts, rules: RuleBook) -> Iterator[Finding]:
    """Yield every current or just settled episode, due or not. Erased customers have none."""
    if facts.registered is None or facts.erased:
        return
    yield from inactivity(facts, rules)
    yield from (missed_follow_up(facts, owed, rules) for owed in facts.tasks.values())
    yield from (unanswered_complaint(facts, owed, rules) for owed in facts.complaints.values())


def inactivity(facts: Facts, rules: RuleBook) -> Iterator[Finding]:
    """Silence is counted from the last human contact, or from the registration if there was none."""
    since = facts.latest_contact or facts.registered
    if facts.mode is None or since is None:
        return
    rule = rules.inactivity
    yield Finding(
        rule=rule,
        severity=rule.severity(facts.tier),
        component=str(facts.mode),
        since=since,
        threshold=rule.threshold(facts.mode, facts.tier),
        employee_id=facts.owner_id,
    )


def missed_follow_up(facts: Facts, owed: Owed, rules: RuleBook) -> Finding:
    rule = rules.missed_follow_up
    return Finding(
        rule=rule,
        severity=rule.severity(facts.tier),
        component="follow-up-task",
        since=owed.since,
        threshold=rule.threshold(),
        employee_id=owed.employee_id or facts.owner_id,
        concerns_id=owed.concerns_id,
        settled=owed.settled,
    )


def unanswered_complaint(facts: Facts, owed: Owed, rules: RuleBook) -> Finding:
    rule = rules.unanswered_complaint
    return Finding(
        rule=rule,
        severity=rule.severity(facts.tier),
        component="complaint",
        since=owed.since,
        threshold=answer_due_at(owed, rule) - owed.since.at,
        employee_id=owed.employee_id or facts.owner_id,
        concerns_id=owed.concerns_id,
        settled=owed.settled,
    )


def answer_due_at(owed: Owed, rule: UnansweredComplaint) -> datetime:
    """Return when the answer is due: the target if there is one, else by the threshold; never while paused."""
    if owed.is_paused:
        return NEVER_DUE
    return owed.answer_by or owed.since.at + rule.threshold(owed.severity)

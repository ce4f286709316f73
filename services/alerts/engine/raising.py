"""The beginning of an episode, and the event of its alert."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from contracts.alerts import AlertRaised, Backlog, Delivery, Unit
from services.alerts.engine.causes import causes_of
from services.alerts.engine.episode import Episode
from services.alerts.engine.facts import Facts
from services.alerts.engine.findings import Finding, alert_id_of
from services.alerts.engine.rule_book import RuleBook
from services.alerts.engine.stretch import Measure, Stretch

REQUIRED: Final[dict[str, Any]] = dict.fromkeys(
    name for name, field in AlertRaised.model_fields.items() if field.is_required()
)
# The defaults of an alert, in the order of its fields, and nothing in those that are required.
BLANK: Final = AlertRaised.model_construct(**REQUIRED)


class Begun(Struct, frozen=True, gc=False):
    """An episode that begins at `instant`, and what its alert says. The event is made when it is needed."""

    customer_id: UUID
    facts: Facts
    finding: Finding
    zone: str
    instant: datetime
    dedup_key: str
    episode: Episode

    @property
    def alert_id(self) -> UUID:
        return self.episode.alert_id

    @property
    def cause(self) -> UUID | None:
        return next(iter(self.causes), None)

    @property
    def causes(self) -> tuple[UUID, ...]:
        """Return the events behind the episode, and what published its rule if it was overdue already."""
        causes, rule = causes_of(self.facts, self.finding.stretch), self.finding.rule
        return (*causes, rule.changed.cause) if self.finding.is_backlog and rule.changed else causes

    @property
    def alert(self) -> AlertRaised:
        """Return the event of the alert.

        It is not validated, which would take a third longer: its parts come from events and rules that were, and the
        lengths of its texts follow from theirs.
        """
        rule, stretch, facts, instant = self.finding.rule, self.finding.stretch, self.facts, self.instant
        words = rule.condition.words(rule.title, facts, stretch, self.zone, instant)
        measure, episode = stretch.measure or duration(stretch, instant), self.episode
        is_digest = rule.backlog is Backlog.DIGEST and self.finding.is_backlog
        parts: dict[str, Any] = {
            "alert_id": episode.alert_id,
            "dedup_key": self.dedup_key,
            "severity": rule.severity(facts.tier),
            "rule_id": rule.id,
            "rule_version": rule.version,
            "summary": words.en,
            "summary_zh": words.zh,
            "silent_since": episode.silent_since,
            "starts_at": episode.starts_at,
            "updated_at": instant.astimezone(UTC),
            "value": measure.value,
            "threshold": measure.threshold,
            "unit": measure.unit,
            "owner_id": episode.owner_id,
            "customer_owner_id": facts.owner_id,
            "leader_id": facts.leader_id,
            "customer_name": facts.name,
            "component": str(stretch.component),
            "labels": labels(facts),
            "links": (f"/v1/customers/{self.customer_id}",),
            "concerns_id": episode.concerns_id,
            "delivery": Delivery.DIGEST if is_digest else Delivery.AT_ONCE,
            "care": rule.care.request(facts, instant) if rule.care else None,
            "causes": self.causes,
        }
        return BLANK.model_copy(update=parts)


def begun(customer_id: UUID, facts: Facts, finding: Finding, rules: RuleBook, instant: datetime) -> Begun:
    """Return the beginning of an episode."""
    stretch, dedup_key = finding.stretch, finding.dedup_key(customer_id)
    episode = Episode(
        alert_id_of(dedup_key),
        finding.rule.id,
        stretch.since.at.astimezone(UTC),
        stretch.due_at.astimezone(UTC),
        stretch.concerns_id,
        stretch.employee_id,
    )
    return Begun(customer_id, facts, finding, rules.zone, instant, dedup_key, episode)


def duration(stretch: Stretch, instant: datetime) -> Measure:
    """Return how long a stretch has lasted, and how long it may last."""
    lasted, allowed = instant - stretch.since.at, stretch.threshold
    return Measure(int(lasted.total_seconds()), int(allowed.total_seconds()), Unit.SECONDS)


def labels(facts: Facts) -> dict[str, str]:
    found = {"stage": str(facts.stage), "mode": str(facts.mode or ""), "tier": facts.tier or ""}
    return {name: value for name, value in found.items() if value}

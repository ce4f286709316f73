"""A customer's history in days, evaluated by the alert engine."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

from contracts.alerts import AlertEvent
from contracts.event import Envelope, Event, Metadata, Origin
from services.alerts.engine.episodes import CustomerState, Evaluation, Moment, evaluate
from services.alerts.engine.folds import evolve
from services.alerts.engine.rule_book import RuleBook
from tests.support.alert_changes import AlertChanges
from tests.support.rule_books import THREE_RULES

CUSTOMER = UUID("01900000-0000-7000-8000-0000000000aa")
START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    """Return the instant `number` days after the beginning."""
    return START + timedelta(days=number)


def envelope(
    event: Event, occurred: float, *, recorded: float | None = None, stream: UUID | None = None, batch: bool = False
) -> Envelope[Any]:
    recorded_at = day(occurred if recorded is None else recorded)
    origin = Origin(batch_id=uuid5(CUSTOMER, "batch"), row=2) if batch else None
    metadata = Metadata(actor="tests", correlation_id="tests", origin=origin)
    return Envelope(uuid4(), CUSTOMER, stream or CUSTOMER, 1, 1, day(occurred), recorded_at, metadata, event)


@dataclass
class Watch:
    """The engine fed with events and evaluated over time; keeps the alert events."""

    rules: RuleBook = THREE_RULES
    state: CustomerState = field(default_factory=CustomerState)
    said: list[AlertEvent] = field(default_factory=list)
    next_due_at: datetime = START
    _changes: AlertChanges = field(default_factory=AlertChanges)

    def told(self, *envelopes: Envelope[Any], now: float) -> "Watch":
        facts = self.state.facts
        for each in envelopes:
            facts = evolve(facts, each)
        return self._keep(
            evaluate(CUSTOMER, CustomerState(facts, self.state.open), self.rules, Moment(day(now), day(now)))
        )

    def asked(self, now: float) -> "Watch":
        return self._keep(evaluate(CUSTOMER, self.state, self.rules, Moment(day(now), day(now), is_complete=True)))

    def _keep(self, evaluation: Evaluation) -> "Watch":
        self.state, self.next_due_at = evaluation.state, evaluation.next_due_at
        self.said.extend(self._changes.events(evaluation.changes))
        return self

    def told_of(self) -> list[tuple[str, str]]:
        """Return what was said, as (rule, kind) in order."""
        return [(event.rule_id, event.type.split(".")[2]) for event in self.said]

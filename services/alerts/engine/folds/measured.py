"""What is counted and measured: the rings of events, orders by month, and the answers to surveys."""

from typing import Any, Final

from msgspec.structs import replace

from contracts import customer, followup
from contracts.event import Envelope
from services.alerts.engine.facts import Facts, Scored
from services.alerts.engine.folds.fold import Folds
from services.alerts.engine.months import month_of, with_order
from services.alerts.engine.occurrence import Occurrence
from services.alerts.engine.order_undone import OrderUndone
from services.alerts.engine.rings import IN_RINGS, with_event
from services.alerts.engine.scores import MAX_SCORES
from services.alerts.engine.zone import BUSINESS_ZONE


def in_rings(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    after = with_event(facts.rings, envelope.event, occurrence)
    return facts if after is facts.rings else replace(facts, rings=after)


def ordered(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    """Add an order to its month, unless it is stated for the future."""
    facts = in_rings(facts, envelope, occurrence)
    if occurrence.at > envelope.recorded_at:
        return facts
    event, month = envelope.event, month_of(occurrence.at, BUSINESS_ZONE)
    return replace(facts, months=with_order(facts.months, event.currency, month, event.amount_minor, 1))


def undone(facts: Facts, envelope: Envelope[Any], _occurrence: Occurrence) -> Facts:
    event, month = envelope.event, month_of(envelope.event.placed_at, BUSINESS_ZONE)
    return replace(facts, months=with_order(facts.months, event.currency, month, -event.amount_minor, -1))


def scored(facts: Facts, envelope: Envelope[Any], occurrence: Occurrence) -> Facts:
    question, score = envelope.event.question, envelope.event.score
    percent = (score - question.lowest) * 100 // (question.highest - question.lowest)
    return replace(facts, scores=newest((*facts.scores, Scored(occurrence.at, occurrence.cause, percent))))


def newest(scores: tuple[Scored, ...]) -> tuple[Scored, ...]:
    """Return the newest scores, oldest first."""
    return tuple(sorted(set(scores), key=lambda each: (each.at, each.cause))[-MAX_SCORES:])


FOLDS: Final[Folds] = {
    **dict.fromkeys(IN_RINGS, in_rings),
    customer.OrderPlaced: ordered,
    OrderUndone: undone,
    followup.SurveyAnswered: scored,
}

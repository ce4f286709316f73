"""Which episodes a rule would have begun with one customer in the past, as facts became known. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any, TypeAlias
from uuid import UUID

from contracts.event import Envelope
from services.alerts.engine.episode import Key
from services.alerts.engine.facts import Facts, evolve
from services.alerts.engine.findings import Finding, find
from services.alerts.engine.rule import Rule, RuleBook
from services.alerts.engine.stretch import Beginning

# What the episodes of a rule are about: a task, a complaint, a contract or a quote, or the customer.
Concern: TypeAlias = UUID | None


def known_at(envelope: Envelope[Any]) -> datetime:
    """Return when a fact counts as known: when it was recorded, or when it occurred if a file brought it."""
    return envelope.occurred_at if envelope.metadata.origin else envelope.recorded_at


def episodes_of(envelopes: Sequence[Envelope[Any]], rule: Rule, now: datetime) -> Iterator[list[Finding]]:
    """Yield after each fact the episodes that began before the next one was known, each once.

    The facts are all of one customer, in the order in which they were recorded.
    """
    book, facts, begun, is_open = RuleBook(rules=(rule,)), Facts(), set[Key](), set[Concern]()
    moments = [*map(known_at, envelopes), now]
    # A fact of a file may be known before facts that were recorded earlier: nothing is seen to begin after it.
    untils = list(accumulate(reversed(moments[1:]), min))[::-1]
    for envelope, at, until in zip(envelopes, moments, untils, strict=False):
        facts = evolve(facts, envelope)
        lasting = [each for each in find(facts, book) if each.settled is None and each.closes_at > max(each.due_at, at)]
        due = [each for each in lasting if each.due_at <= until]
        yield [each for each in due if each.key not in begun and not goes_on(each, is_open, at)]
        begun |= {each.key for each in due}
        is_open = {each.concerns_id for each in due if each.closes_at > until}


def goes_on(finding: Finding, is_open: set[Concern], at: datetime) -> bool:
    """Return whether an episode is an open one with another beginning."""
    keeps = finding.rule.condition.beginning is not Beginning.OWN
    return keeps and finding.due_at <= at and finding.concerns_id in is_open
